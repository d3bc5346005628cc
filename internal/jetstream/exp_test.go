package jetstream

import (
	"testing"
	"time"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestExpReply(t *testing.T) {
	s := newStoreSrv(t)
	ev := as(t, s.srv, UserEvents, eventsPassword)
	op := as(t, s.srv, UserOperator, operatorPassword)
	_ = op
	for i := range 20 {
		if _, err := s.Store.Append(t.Context(), refN(i), 0, []byte("x"), metaOf(nats.Header{})); err != nil { t.Fatal(err) }
	}
	for _, reply := range []string{"inside.harbor.escalation.closed", "clients.a.harbor.abc", "outbox.safety.a.harbor.abc.def", "timers.set.a.harbor.abc", "$JS.API.STREAM.PURGE.CLIENTS", "$JS.API.STREAM.DELETE.AUDIT", "$JS.API.CONSUMER.PAUSE.EVENTS.events"} {
		if err := ev.PublishRequest("events.harbor.appointment.noshow", reply, []byte("{}")); err != nil { t.Fatal(err) }
	}
	ev.Flush()
	time.Sleep(500*time.Millisecond)
	for name, st := range s.streams {
		info, err := st.Info(t.Context())
		fmt.Println(name, err)
		if info != nil { fmt.Println("   ", info.State.Msgs, info.State.LastSeq, info.State.FirstSeq) }
	}
}

type storeSrv struct { *Store; srv *Server }
func newStoreSrv(t testing.TB) storeSrv {
	srv := startServer(t, serverConfig(t.TempDir()))
	return storeSrv{connect(t, Options{Server: srv}), srv}
}

func TestExpPending(t *testing.T) {
	s := newStoreSrv(t)
	cons, err := s.js.CreateOrUpdateConsumer(t.Context(), streamEvents, jetstream.ConsumerConfig{Durable: "events", AckPolicy: jetstream.AckExplicitPolicy, FilterSubjects: Queues()[2].filters})
	if err != nil { t.Fatal(err) }
	stale := 0
	for i := range 5000 {
		publish(t, s.Store, "events.harbor.appointment.noshow", "x")
		info, err := cons.Info(t.Context())
		if err != nil { t.Fatal(err) }
		if info.NumPending < uint64(i+1) { stale++ }
	}
	fmt.Println("stale", stale)
}

func TestExpPending0(t *testing.T) {
	s := newStoreSrv(t)
	stale := 0
	for i := range 300 {
	name := fmt.Sprintf("e%d", i)
	cons, err := s.js.CreateOrUpdateConsumer(t.Context(), streamEvents, jetstream.ConsumerConfig{Durable: name, AckPolicy: jetstream.AckExplicitPolicy, FilterSubjects: Queues()[2].filters, DeliverPolicy: jetstream.DeliverNewPolicy})
	if err != nil { t.Fatal(err) }
		publish(t, s.Store, "events.harbor.appointment.noshow", "x")
		info, err := cons.Info(t.Context())
		if err != nil { t.Fatal(err) }
		if info.NumPending < 1 { stale++ }
		s.js.DeleteConsumer(t.Context(), streamEvents, name)
	}
	fmt.Println("stale new", stale)
}
func TestExpKey(t *testing.T) {
	dir := t.TempDir()
	cfg := serverConfig(dir)
	cfg.StoreKey = "one"
	cfg.Log = nil
	srv := startServer(t, cfg)
	s := connect(t, Options{Server: srv})
	publish(t, s, "events.harbor.appointment.noshow", "x")
	s.Close()
	srv.Stop()
	cfg.StoreKey = "two"
	srv, err := StartServer(cfg)
	fmt.Println("wrong key", err)
	if err == nil {
		s, err := Connect(t.Context(), Options{Server: srv})
		fmt.Println("connect", err)
		if err == nil { info, err := s.streams[streamEvents].Info(t.Context()); fmt.Println(info.State, err) }
		srv.Stop()
	}
	cfg.StoreKey = ""
	srv, err = StartServer(cfg)
	fmt.Println("no key", err)
	if err == nil {
		s, err := Connect(t.Context(), Options{Server: srv})
		fmt.Println("connect", err)
		if err == nil { info, err := s.streams[streamEvents].Info(t.Context()); fmt.Println(info.State, err) }
		srv.Stop()
	}
}
