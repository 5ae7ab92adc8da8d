"""Runs a command that can't outlive its parent, and never as root when it must not be root.

`python -I parent watchdog.py PARENT_PID DEATH_SIGNAL UNROOT_FOLDER COMMAND…`, the folder empty when root may stay root.
Python's standard library only: this file runs by itself, in the child, and then becomes the command.

PostgreSQL refuses to run as root. As the root of a new user namespace's outside, called nobody inside, it keeps
writing files that root owns, and no folder's permissions have to be opened. Where containers forbid namespaces,
its folder is given to nobody, and so is the process.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)


def leave_root(folder: Path) -> None:
    """Leave root: it becomes the folder's owner; when that is root too, nobody in a namespace, or nobody at all."""
    owner, group = folder.stat().st_uid, os.getegid()
    if owner == 0 and libc.unshare(CLONE_NEWUSER) == 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{NOBODY} 0 1")
        Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")
    else:
        become(owner or NOBODY, folder)


def become(user: int, folder: Path) -> None:
    group = folder.stat().st_gid if folder.stat().st_uid == user else user
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        sys.exit(f"error: user {user} can't reach {folder}; run as another user than root, or move REGUA_HOME")


def die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel for a signal when the parent dies. Called after the credentials are settled, since changing them
    forgets the signal."""
    if libc.prctl(PR_SET_PDEATHSIG, death_signal) != 0:
        sys.exit(f"error: the kernel refuses a death signal: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("error: the stack ended before this process began")


def main(parent: str, death_signal: str, unroot_folder: str, *command: str) -> None:
    try:
        if unroot_folder and os.geteuid() == 0:
            leave_root(Path(unroot_folder))
        die_with(int(parent), int(death_signal))
        os.execv(command[0], command)  # noqa: S606 - becoming another program, without a shell, is the point
    except OSError as error:
        sys.exit(f"error: {command[0]} can't be started as user {os.geteuid()}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
