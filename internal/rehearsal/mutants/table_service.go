package mutants

import "regexp"

// inService are mutants of a module of the service.
func inService(name, file, old, replacement, caught string, parts []string, rows ...string) Mutant {
	return Mutant{Name: name, File: file, Old: old, New: replacement, Parts: parts, Rows: rows, Caught: regexp.MustCompile("(?s)" + caught)}
}

var serviceMutants = []Mutant{
	// Trust.
	inService("any signature is right", "webhook/verification.py", "            if _fits(key.public, der, digest):\n                _decide(body, signed, text, key, app_definition_id)\n", "            if True:\n", `refused: wrong key`, web),
	inService("no time is too old", "webhook/verification.py", "TOLERANCE_SECONDS = 300", "TOLERANCE_SECONDS = 300_000\nverify = lambda *_: None  # The SDK looks at the time, too.", `refused: stale timestamp`, web),
	inService("Benchling's certificate isn't verified", "runtime/cancellable_transport.py", "httpx.create_ssl_context()", "httpx.create_ssl_context(verify=False)", `Benchling with a foreign certificate.*`, tls, "Benchling with"),
	inService("AWS's certificate isn't verified", "runtime/aws_clients.py", "create_client(service,", "create_client(service, verify=False,", `AWS with a foreign certificate.*`, tls, "AWS with"),
	inService("credentials are read once", "runtime/aws_clients.py", "    return botocore.session.get_session()", "    session = botocore.session.get_session()\n    it = session.get_credentials().get_frozen_credentials()\n    session.set_credentials(it.access_key, it.secret_key, it.token)\n    return session", `credentials renewed|403|ExpiredToken`, []string{"front door", "faults", "rights"}, "connections kept", "Benchling is slow", "Benchling answers 502", "credentials renewed"),
	inService("privileges may come back", "runtime/privileges.py", "PR_SET_NO_NEW_PRIVS = 38", "PR_SET_NO_NEW_PRIVS = 39", `hardening, from inside|healthy beside`, web),

	// Promises to Benchling.
	inService("an event gets its 200 before the queue has it", "webhook/intake.py", "        self._batches.send(Message(body, identifier(group), identifier(event.webhook_id)))\n", "        import threading\n        threading.Thread(target=self._batches.send, args=(Message(body, identifier(group), identifier(event.webhook_id)),)).start()\n", `queue refuses writes|queue accepts and never`, faults, "queue refuses writes"),
	inService("the queue is waited for too long", "webhook/batch_sender.py", "WAIT_SECONDS = 2.2", "WAIT_SECONDS = 22", `queue accepts and never answers`, []string{"attacks"}, "queue accepts"),
	inService("connections are closed within the load balancer's idle time", "runtime/connections.py", "KEEP_ALIVE_SECONDS = 75", "KEEP_ALIVE_SECONDS = 10", `connections kept for the idle time.*KEEP_ALIVE_SECONDS`, frontDoor, "connections kept"),
	inService("connections that dawdle leave no room", "runtime/connections.py", "connection_limit=2 * CONNECTIONS", "connection_limit=CONNECTIONS // 2", `connections that dawdle`, []string{"attacks"}, "600 connections"),
	inService("SIGTERM isn't waited for", "runtime/server.py", "    delay = stop.delay_seconds if received == signal.SIGTERM else 0\n", "    delay = 0\n", `web task stopped while it is a target`, frontDoor, "web task stopped"),

	// Exactly one package.
	inService("a message is deleted before its export", "export/export_consumer.py", `        log.info("event.started", attempt=claim.attempts + 1)`, `        self._queues.intake.delete(message)`, `worker killed while it exports`, worker, "worker killed"),
	inService("a stopped worker gives nothing back", "export/export_consumer.py", "                self._queues.intake.change_visibility(message, 0)\n", "                self._queues.intake.change_visibility(message, 3600)\n", `worker stopped while an export doesn't end`, worker, "worker stopped while an export"),
	inService("a claim lasts an hour", "queues/claims.py", "self._lease_seconds = lease_seconds", "self._lease_seconds = 3600", `worker killed while it exports`, worker, "worker killed"),
	inService("no attempt is repeated", "export/export_consumer.py", "MAX_ATTEMPTS = 5", "MAX_ATTEMPTS = 1", `S3 refuses writes`, faults, "S3 refuses writes"),
	inService("a permanent failure is tried again and again", "export/export_consumer.py", "last = kind is Kind.PERMANENT or attempt >= MAX_ATTEMPTS", "last = False", `hostile ZIPs`, []string{"attacks"}, "hostile ZIPs"),
	inService("an idle worker stays protected", "queues/task_protection.py", "LINGER_SECONDS = 10.0", "LINGER_SECONDS = 1000.0", `worker: protected while it exports, and not when idle`, worker, "worker: protected"),
	inService("Quilt is told of every event twice", "store/packaging_queue.py", "        self._queue.send(json.dumps(message), package.name, webhook_id)", "        self._queue.send(json.dumps(message), package.name, webhook_id)\n        self._queue.send(json.dumps(message), package.name, webhook_id + \"2\")", `events become packages|no package told of twice`, worker, packaged, "no package told"),

	// What people see.
	inService("the log has the signature", "webhook/webhook_requests.py", "        g.signed = True\n", "        g.signed = True\n        print(request.headers[\"webhook-signature\"], flush=True)\n", `log without signatures`, web),
}
