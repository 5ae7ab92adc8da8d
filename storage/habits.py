"""What taxpayers did in earlier cases (models.holdout.Habit), read from the record for many at once."""

HABITS = """
    earlier AS (
        SELECT DISTINCT cases.id AS "case", cases.taxpayer, cases.tax, cases.opened_on, cases.closed_at,
               cases.status = 'resolved' OR cases.hardship_on IS NOT NULL OR cases.claimed_paid_on IS NOT NULL AS spoke
        FROM people JOIN cases USING (taxpayer) WHERE cases.closed_at IS NOT NULL),
    notified AS (
        SELECT "case", min(at) AS since, bool_or(status = 'answered') AS answered
        FROM earlier JOIN notices USING ("case") WHERE kind = 'rung' AND sent_at IS NOT NULL GROUP BY "case"),
    owing AS (
        SELECT "case", debt, opened_on, closed_at FROM earlier JOIN debtors USING (taxpayer)
        JOIN debts ON debts.id = debtors.debt AND debts.tax = earlier.tax),
    came AS (
        SELECT owing."case", payments.id AS payment, paid_on, payments.amount, recorded_at, opened_on, closed_at
        FROM owing JOIN payments USING (debt)
        UNION ALL
        SELECT owing."case", payments.id, paid_on, payments.amount, recorded_at, opened_on, closed_at
        FROM owing JOIN allocations USING (debt) JOIN payments ON payments.id = allocations.payment),
    paid AS (
        SELECT "case", max(paid_on) AS last FROM came
        WHERE paid_on >= opened_on AND recorded_at <= closed_at
          AND amount > coalesce((SELECT sum(amount) FROM reversals WHERE reversals.payment = came.payment), 0)
        GROUP BY "case"),
    spoken AS (
        SELECT "case" FROM earlier JOIN replies USING ("case")
        UNION SELECT "case" FROM earlier JOIN agreements USING ("case")
        UNION SELECT "case" FROM earlier JOIN defences USING ("case")),
    habits AS (
        SELECT DISTINCT ON (taxpayer) taxpayer,
               CASE WHEN last >= since THEN 'paid_after_notice'
                    WHEN last IS NOT NULL THEN 'paid_unprompted'
                    WHEN spoke OR answered OR spoken."case" IS NOT NULL THEN 'answered'
                    ELSE 'silent' END AS habit
        FROM earlier LEFT JOIN notified USING ("case") LEFT JOIN paid USING ("case") LEFT JOIN spoken USING ("case")
        WHERE last IS NOT NULL OR since IS NOT NULL
        ORDER BY taxpayer, closed_at DESC, "case")"""
"""The relation `habits` (taxpayer, habit) of the taxpayers in a relation `people`, each read once; who isn't in it has
no history."""
