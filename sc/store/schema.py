"""The tables of the store, as numbered steps: never change one, append the next.

A store remembers how many steps it has taken. Each step is a sequence of single
statements and runs in one transaction. Times are seconds since 1970.
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE reports (
            id TEXT PRIMARY KEY,
            dedupe_key TEXT NOT NULL,
            message_id TEXT NOT NULL,
            contact TEXT NOT NULL,
            mail_from TEXT NOT NULL,
            rcpt_to TEXT NOT NULL,
            mail_message_id TEXT NOT NULL,
            evidence TEXT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            created DOUBLE PRECISION NOT NULL,
            queued DOUBLE PRECISION NOT NULL,
            changed DOUBLE PRECISION NOT NULL,
            next_attempt DOUBLE PRECISION
        )
        """,
        "CREATE INDEX reports_by_key ON reports (dedupe_key, created)",
        "CREATE INDEX reports_by_state ON reports (state, next_attempt)",
        # Beside its row, because it goes earlier, and lists must not read it.
        """
        CREATE TABLE report_mails (
            report_id TEXT PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
            mail BLOB NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE report_requests (
            id TEXT PRIMARY KEY,
            listener TEXT NOT NULL,
            envelope TEXT NOT NULL,
            request TEXT NOT NULL,
            content BLOB NOT NULL,
            attempts INTEGER NOT NULL,
            created DOUBLE PRECISION NOT NULL
        )
        """,
    ),
    (
        # Which of the nodes that share a store has it, and until when; "" are rows
        # of a time when there was only one.
        "ALTER TABLE reports ADD COLUMN node TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE reports ADD COLUMN claimed DOUBLE PRECISION",
        "ALTER TABLE report_requests ADD COLUMN node TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE report_requests ADD COLUMN claimed DOUBLE PRECISION",
    ),
    (
        "ALTER TABLE reports ADD COLUMN source TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE reports ADD COLUMN incident TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE reports ADD COLUMN admitted DOUBLE PRECISION",
        "ALTER TABLE reports ADD COLUMN carrier TEXT",
        # Those of before count, too.
        "UPDATE reports SET admitted = changed WHERE state IN ('sending', 'sent')",
        "CREATE INDEX reports_by_desk ON reports (lower(contact), admitted)",
        "CREATE INDEX reports_by_admission ON reports (admitted)",
        "CREATE INDEX reports_by_carrier ON reports (carrier)",
        """
        CREATE TABLE known_desks (
            contact TEXT PRIMARY KEY,
            since DOUBLE PRECISION NOT NULL
        )
        """,
        """
        INSERT INTO known_desks (contact, since)
        SELECT lower(contact), MIN(changed) FROM reports
        WHERE state = 'sent' GROUP BY lower(contact)
        """,
        """
        CREATE TABLE sending_stopped (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            since DOUBLE PRECISION NOT NULL
        )
        """,
    ),
    (
        # The mail log's lines, and what finds a report by other names than its id.
        """
        CREATE TABLE history (
            message_id TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            line TEXT NOT NULL
        )
        """,
        "CREATE INDEX history_by_message ON history (message_id)",
        "CREATE INDEX history_by_time ON history (at)",
        "CREATE INDEX reports_by_message ON reports (message_id)",
        "CREATE INDEX reports_by_mail ON reports (mail_message_id)",
    ),
    (
        # Committed along with a request; `reports` are JSON, once it is done.
        """
        CREATE TABLE idempotency_keys (
            caller TEXT NOT NULL,
            idempotency_key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            message_id TEXT NOT NULL,
            reports TEXT,
            created DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (caller, idempotency_key)
        )
        """,
        "CREATE INDEX idempotency_keys_by_message ON idempotency_keys (message_id)",
    ),
    (
        # How it leaves: by mail, or through a provider.
        "ALTER TABLE reports ADD COLUMN route TEXT NOT NULL DEFAULT 'smtp'",
    ),
    (
        # Addresses in lower case; the counters outlive the reports.
        """
        CREATE TABLE desks (
            address TEXT PRIMARY KEY,
            sent INTEGER NOT NULL,
            bounced INTEGER NOT NULL,
            answered INTEGER NOT NULL,
            recurrences INTEGER NOT NULL,
            dead_until DOUBLE PRECISION NOT NULL,
            reason TEXT NOT NULL,
            form TEXT NOT NULL,
            changed DOUBLE PRECISION NOT NULL
        )
        """,
        # What a desk was told about, and when last.
        """
        CREATE TABLE desk_sources (
            address TEXT NOT NULL,
            source TEXT NOT NULL,
            report_id TEXT NOT NULL,
            told DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (address, source)
        )
        """,
        "CREATE INDEX desk_sources_by_time ON desk_sources (told)",
        """
        CREATE TABLE report_answers (
            report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
            message_id TEXT NOT NULL,
            received DOUBLE PRECISION NOT NULL,
            kind TEXT NOT NULL,
            sender TEXT NOT NULL,
            subject TEXT NOT NULL,
            ticket TEXT NOT NULL,
            words TEXT NOT NULL,
            PRIMARY KEY (report_id, message_id)
        )
        """,
        "CREATE INDEX reports_by_recipient ON reports (rcpt_to, created)",
    ),
    ("CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created)",),
    (
        # Lists are JSON. One open incident a user, whichever nodes see it.
        """
        CREATE TABLE incidents (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL,
            opened DOUBLE PRECISION NOT NULL,
            first DOUBLE PRECISION NOT NULL,
            last DOUBLE PRECISION NOT NULL,
            closed DOUBLE PRECISION,
            closed_by TEXT NOT NULL,
            spam INTEGER NOT NULL,
            complaints INTEGER NOT NULL,
            addresses TEXT NOT NULL,
            samples TEXT NOT NULL
        )
        """,
        """
        CREATE UNIQUE INDEX incidents_open ON incidents (account)
        WHERE closed IS NULL
        """,
        "CREATE INDEX incidents_by_time ON incidents (opened)",
        "CREATE INDEX incidents_by_end ON incidents (closed)",
    ),
)
