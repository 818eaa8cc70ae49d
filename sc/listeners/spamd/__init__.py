"""The spamd door: SPAMC (spamc, Exim, Haraka) and RSPAMC (Exim) on one port."""
