package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kmcr/ingest"
)

// gate is open while requests may come in.
type gate struct{ isOpen atomic.Bool }

func (g *gate) open() { g.isOpen.Store(true) }
func (g *gate) shut() { g.isOpen.Store(false) }

// adminHandler serves what only operators reach: liveness, readiness, metrics. No label ever holds an identifier.
func adminHandler(h *house, m *meter, g *gate) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if !g.isOpen.Load() {
			http.Error(w, "starting or draining", http.StatusServiceUnavailable)
			return
		}
		if err := h.db.Ping(r.Context()); err != nil {
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	h.serveLog(mux)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// meter publishes counters as Prometheus has them.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMeter(h *house) *meter {
	m := &meter{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kmcr_http_request_duration_seconds", Help: "How long requests took, by route and status.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}, []string{"route", "code"})}
	m.registry.MustRegister(m.requests, ledger{h}, doorIn{h}, looks{h}, tellings{h}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// measure times each request under its route pattern, which never holds an identifier.
func (m *meter) measure(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		_, route := mux.Handler(r)
		next.ServeHTTP(s, r)
		m.requests.WithLabelValues(route, fmt.Sprint(s.status)).Observe(time.Since(start).Seconds())
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (s *statusWriter) WriteHeader(code int) {
	s.status = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap gives http.ResponseController the writer below.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// ledger publishes the conservation counters: received = applied + parked + rejected + waiting.
type ledger struct{ h *house }

var ledgerMessages = prometheus.NewDesc("kmcr_ingest_messages", "Messages in the ledger by contributor and state; received is the sum of the others.", []string{"contributor", "state"}, nil)
var ledgerHeard = prometheus.NewDesc("kmcr_ingest_last_heard_timestamp_seconds", "When each contributor was last heard.", []string{"contributor"}, nil)

// Describe names the metrics.
func (ledger) Describe(ch chan<- *prometheus.Desc) {
	ch <- ledgerMessages
	ch <- ledgerHeard
}

// Collect counts the ledger.
func (l ledger) Collect(ch chan<- prometheus.Metric) {
	tallies, err := l.h.db.Tallies(context.Background())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(ledgerMessages, err)
		return
	}
	for code, t := range tallies {
		for state, n := range map[string]int64{"received": t.Received, "applied": t.Applied, "parked": t.Parked, "rejected": t.Rejected, "waiting": t.Waiting} {
			ch <- prometheus.MustNewConstMetric(ledgerMessages, prometheus.GaugeValue, float64(n), string(code), state)
		}
		if !t.LastHeard.IsZero() {
			ch <- prometheus.MustNewConstMetric(ledgerHeard, prometheus.GaugeValue, float64(t.LastHeard.Unix()), string(code))
		}
	}
}

// looks publishes how much the record is used through this process: by role, organisation and task, without an identifier of anybody.
type looks struct{ h *house }

var looksAnswered = prometheus.NewDesc("kmcr_looks_total", "Looks answered since this process began, by role, organisation and task.", []string{"role", "organisation", "task"}, nil)

// Describe names the metric.
func (looks) Describe(ch chan<- *prometheus.Desc) { ch <- looksAnswered }

// Collect reads the counters.
func (l looks) Collect(ch chan<- prometheus.Metric) {
	for _, c := range l.h.out.Answered() {
		ch <- prometheus.MustNewConstMetric(looksAnswered, prometheus.CounterValue, float64(c.Looks), string(c.Role), string(c.Organisation), c.Task)
	}
}

// tellings publishes how those who should hear of something are told.
type tellings struct{ h *house }

var (
	toldListeners     = prometheus.NewDesc("kmcr_notify_listeners", "Pages that are open and hear of alerts at once.", nil, nil)
	toldSubscriptions = prometheus.NewDesc("kmcr_notify_subscriptions", "Subscriptions in force.", nil, nil)
	toldDeliveries    = prometheus.NewDesc("kmcr_notify_deliveries", "Deliveries that wait after a failure, or were given up.", []string{"state"}, nil)
)

// Describe names the metrics.
func (tellings) Describe(ch chan<- *prometheus.Desc) {
	ch <- toldListeners
	ch <- toldSubscriptions
	ch <- toldDeliveries
}

// Collect reads the counters; without a database there are none.
func (t tellings) Collect(ch chan<- prometheus.Metric) {
	if t.h.told == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	listeners, subscriptions, waiting, dead, err := t.h.told.Metrics(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(toldDeliveries, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(toldListeners, prometheus.GaugeValue, float64(listeners))
	ch <- prometheus.MustNewConstMetric(toldSubscriptions, prometheus.GaugeValue, float64(subscriptions))
	ch <- prometheus.MustNewConstMetric(toldDeliveries, prometheus.GaugeValue, float64(waiting), "waiting")
	ch <- prometheus.MustNewConstMetric(toldDeliveries, prometheus.GaugeValue, float64(dead), "given-up")
}

// doorIn publishes what the door in has done since this process began.
type doorIn struct{ h *house }

var (
	doorAnswers     = prometheus.NewDesc("kmcr_answers_total", "Answers to senders, by acknowledgement code or HTTP status.", []string{"answer"}, nil)
	doorRepeats     = prometheus.NewDesc("kmcr_repeats_total", "Messages that had been sent before.", nil, nil)
	doorPending     = prometheus.NewDesc("kmcr_ingest_pending", "Messages taken up by a worker and not yet done.", nil, nil)
	doorConnections = prometheus.NewDesc("kmcr_mllp_connections", "Connections open to the HL7 v2 listener.", nil, nil)
	doorSeconds     = prometheus.NewDesc("kmcr_mllp_ack_seconds", "How long HL7 v2 senders waited for their acknowledgement.", nil, nil)
)

// Describe names the metrics.
func (doorIn) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{doorAnswers, doorRepeats, doorPending, doorConnections, doorSeconds} {
		ch <- d
	}
}

// Collect reads the counters.
func (d doorIn) Collect(ch chan<- prometheus.Metric) {
	if d.h.in == nil {
		return
	}
	s := d.h.in.Stats()
	for answer, n := range s.Answers {
		ch <- prometheus.MustNewConstMetric(doorAnswers, prometheus.CounterValue, float64(n), answer)
	}
	ch <- prometheus.MustNewConstMetric(doorRepeats, prometheus.CounterValue, float64(s.Repeats))
	ch <- prometheus.MustNewConstMetric(doorPending, prometheus.GaugeValue, float64(s.Pending))
	ch <- prometheus.MustNewConstMetric(doorConnections, prometheus.GaugeValue, float64(s.Connections))
	buckets := map[float64]uint64{}
	var count uint64
	for i, n := range s.AckSeconds {
		count += uint64(n)
		if i < len(ingest.AckBounds) {
			buckets[ingest.AckBounds[i]] = count
		}
	}
	ch <- prometheus.MustNewConstHistogram(doorSeconds, count, s.AckSum, buckets)
}
