package scale

// What a package of ten files of 100 kB takes: calls counted by `make bench-worker`
// (calls_per_package of "10 x 100 kB", 2026-11-26), and beside them what the web
// service and the canvas's redrawing do.
const (
	callsS3Put    = 17 + 2 // files, documents, record; two lists at the same price
	callsS3Get    = 2
	writeUnits    = 7
	readUnits     = 4
	callsOfSQS    = 1 + 1 + 1 + 3*2 // the event sent, received, deleted; two redraws the same
	callsOfOthers = 1 + 2           // the message to Quilt; its revision received and deleted
	// callsOfBenchling are the entry, the export's request and one or two polls. A slow
	// export is polled more often.
	callsOfBenchling = 4
	// packageBytes is what the files have.
	packageBytes = 1_000_000
	// logBytes is about what web service, worker and access log write of one event.
	logBytes = 5000
)

// thousand is how many packages By is for.
const thousand = 1000

// By returns what a thousand packages cost beside the rest. The tasks' time is
// paid only while more run than at rest.
func By(worker Size, prices Prices) Bill {
	taskHours := thousand * meanExport() / exportThreads / 3600
	return Bill{Prices: prices, Lines: []Line{
		{"Worker tasks, while scaled out", "fargate-" + worker.Architecture + "-vcpu", taskHours * worker.CPU, ""},
		{"Worker tasks, while scaled out", "fargate-" + worker.Architecture + "-gb", taskHours * worker.Memory, ""},
		{"S3, requests", "s3-put", thousand * callsS3Put, ""},
		{"S3, requests", "s3-get", thousand * callsS3Get, ""},
		{"S3, a month of storage", "s3-gb", gb(thousand * packageBytes), ""},
		{"NAT gateway, unless Benchling's bucket is in the stack's region", "nat-gb", gb(thousand * packageBytes), ""},
		{"SQS", "sqs-fifo-request", thousand * callsOfSQS, ""},
		{"SQS", "sqs-request", thousand * callsOfOthers, ""},
		{"DynamoDB", "dynamodb-write", thousand * writeUnits, ""},
		{"DynamoDB", "dynamodb-read", thousand * readUnits, ""},
		{"Logs", "logs-gb", gb(thousand * logBytes), ""},
		{"API Gateway", "http-api-request", thousand, ""},
	}}
}
