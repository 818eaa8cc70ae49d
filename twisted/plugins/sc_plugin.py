from twisted.application.service import ServiceMaker

sc = ServiceMaker("sc", "sc.service", "Scan mail and report abuse.", "sc")
