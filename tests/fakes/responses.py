"""What comes back for a report, in the words of those who write it."""

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4Z1.1763/mx.example.org"
Message-Id: <20261120100001.4Z1@mx.example.org>

This is a MIME-encapsulated message.

--4Z1.1763/mx.example.org
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.org.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<{rcpt}>: host mx.net.example[192.0.2.25] said: {diagnostic} (in reply to RCPT TO)

--4Z1.1763/mx.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Original-Envelope-Id: {envid}
Arrival-Date: Fri, 20 Nov 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; {rcpt}
Original-Recipient: rfc822;{rcpt}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.net.example
Diagnostic-Code: smtp; {diagnostic}

--4Z1.1763/mx.example.org
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{header}
--4Z1.1763/mx.example.org--
"""


def postfix(
    rcpt: str = "abuse@net.example",
    action: str = "failed",
    diagnostic: str = "550 5.1.1 User unknown",
    header: str = "Subject: Abuse report",
    envid: str = "r1",
) -> bytes:
    """Postfix's notification, which brings back what `RET=HDRS` asks for."""
    words = diagnostic.split()
    text = POSTFIX.format(
        rcpt=rcpt,
        action=action,
        status=words[1] if len(words) > 1 else "",
        diagnostic=diagnostic,
        header=header,
        envid=envid,
    )
    return text.encode()


QMAIL = b"""\
Date: 20 Nov 2026 10:00:01 -0000
From: MAILER-DAEMON@qmail.example
To: bounces@example.org
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<abuse@net.example>:
192.0.2.25 does not like recipient.
Remote host said: 550 5.1.1 no such mailbox
Giving up on 192.0.2.25.

--- Below this line is a copy of the message.

Return-Path: <bounces@example.org>
Subject: Abuse report
"""

EXIM = b"""\
X-Failed-Recipients: abuse@net.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@exim.example>
To: bounces@example.org
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  abuse@net.example
    host mx.net.example [192.0.2.25]
    SMTP error from remote mail server after RCPT TO:<abuse@net.example>:
    550 Unrouteable address

------ This is a copy of the message, including all the headers. ------

Subject: Abuse report
"""

EXIM_DELAY = b"""\
X-Failed-Recipients: abuse@net.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@exim.example>
Subject: Warning: message delayed 24 hours

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours. No action is required on your part.
Delivery attempts will continue.
"""

EXCHANGE = b"""\
From: postmaster@exchange.example
To: bounces@example.org
Subject: Undeliverable: Abuse report
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><body><p>Delivery has failed to these recipients or groups:</p>
<p><a href=3D"mailto:abuse@net.example">abuse@net.example</a><br>
The e-mail address you entered couldn't be found.</p>
<p>Generating server: exchange.example</p>
<p>#550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found ##</p>
</body></html>
"""

VACATION = b"""\
From: "abuse desk" <abuse@net.example>
To: bounces@example.org
Subject: Auto: Abuse report
Auto-Submitted: auto-replied (vacation)
In-Reply-To: <1@example.org>

A message that you sent could not be read today, we are closed.
"""

TICKET = b"""\
From: Net Example Abuse <abuse@net.example>
To: abuse@example.org
Subject: =?utf-8?q?=5BTicket=234711=5D_Abuse_report?=
Auto-Submitted: auto-generated
References: <0@example.org> <1@example.org>

Thank you for your report. We keep it as #4711.
"""

ANSWER = b"""\
From: Alice <alice@net.example>
To: abuse@example.org
Subject: Re: Abuse report
In-Reply-To: <1@example.org>

The customer was disconnected.

> This is a report about unsolicited bulk mail (spam).
"""

FEEDBACK = b"""\
From: <fbl@net.example>
To: bounces@example.org
Subject: complaint
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

This is an abuse report about your abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
--b--
"""

ODD = b"""\
From: a\0lice@net.example
Subject: a\0b
In-Reply-To: <a\0b@example.org> <1@example.org>

The \0 customer was disconnected.
"""
"""Octets that no text column of PostgreSQL takes."""
