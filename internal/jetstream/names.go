package jetstream

// Every stream, subject, bucket, consumer and header name stands here.
const (
	streamEvents     = "EVENTS"
	streamInside     = "INSIDE"
	streamClients    = "CLIENTS"
	streamAudit      = "AUDIT"
	streamAccess     = "ACCESS"
	streamTimers     = "TIMERS"
	streamOutbox     = "OUTBOX"
	streamDeliveries = "DELIVERIES"
	streamRejected   = "REJECTED"
	bucketDirectory  = "DIRECTORY"

	prefixClients    = "clients."    // clients.<bucket>.<clinic>.<key>
	prefixAudit      = "audit."      // audit.<bucket>.<clinic>.<key>
	prefixAccess     = "access."     // access.<bucket>.<clinic>.<key>
	prefixTimersSet  = "timers.set." // timers.set.<bucket>.<clinic>.<key>
	prefixTimersDue  = "timers.due." // timers.due.<bucket>.<clinic>.<key>
	prefixOutbox     = "outbox."     // outbox.<lane>.<bucket>.<clinic>.<key>.<message id>
	prefixDeliveries = "deliveries." // deliveries.<bucket>.<clinic>.<key>.<message id>
	prefixRejected   = "rejected."   // rejected.<clinic>.<key or none>.<reason>

	consumerEventsUrgent = "events-urgent"
	consumerEvents       = "events"
	consumerBulk         = "bulk"
	consumerInsideUrgent = "inside-urgent"
	consumerInside       = "inside"
	consumerTimers       = "timers"
	consumerEffects      = "effects"
	consumerSafety       = "safety"
	consumerCarePrefix   = "care-" // care-<clinic>
	consumerWalkPrefix   = "walk-" // walk-<clinic>-<revision of the walk's record>

	headerOpen       = "Mooring-Open"        // open escalations
	headerOldestOpen = "Mooring-Oldest-Open" // RFC 3339, when the oldest was opened
	headerOwnerless  = "Mooring-Ownerless"   // those of them that nobody can be asked
	headerTasks      = "Mooring-Tasks"       // open tasks
	headerNext       = "Mooring-Next"        // RFC 3339, the earliest deadline
	headerPrevious   = "Mooring-Previous"    // sequence of the client's record before
	headerDecisions  = "Mooring-Decisions"   // the client's decisions so far
	headerReason     = "Mooring-Reason"      // why a message was rejected
	headerReasonText = "Mooring-Reason-Text" // the same in a sentence
	headerOrigin     = "Mooring-Origin"      // the subject it was published on
	headerOriginSeq  = "Mooring-Origin-Sequence"
	headerStatus     = "Mooring-Status"     // a ledger record's status
	headerChain      = "Mooring-Chain"      // SHA-256 of the audit record before
	headerChainAnew  = "Mooring-Chain-Anew" // AUDIT has dropped all before, up to this sequence in CLIENTS
	headerRecord     = "Mooring-Record"     // the sequence in CLIENTS an audit record copies

	headerSchedule       = "Nats-Schedule"
	headerScheduleTarget = "Nats-Schedule-Target"

	// metaPrefix begins the directory bucket's own keys; no clinic id can.
	metaFingerprint = "_meta.client-key"
	metaEpoch       = "_meta.epoch"
	metaPing        = "_meta.ping"
	metaIndex       = "_meta.index"
	metaUsed        = "_meta.used." // what may be used once, and was
)

// none stands in a subject where no client is known.
const none = "none"
