"""The one door through which people act: one function for each thing that a person may do, by subject."""
