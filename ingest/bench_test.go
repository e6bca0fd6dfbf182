package ingest_test

import (
	"context"
	"sync"
	"testing"

	"kmcr/ingest"
)

// BenchmarkTransactions sends every Synthea Bundle from four clients.
func BenchmarkTransactions(b *testing.B) {
	var all [][]byte
	resources := 0
	for _, data := range files(b, "synthea-r4/*.json.gz") {
		all = append(all, data)
	}
	for b.Loop() {
		b.StopTimer()
		h := build(b)
		resources = 16548
		work := make(chan []byte, len(all))
		for _, data := range all {
			work <- data
		}
		close(work)
		b.StartTimer()
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() {
				for data := range work {
					a, err := h.in.FHIR(context.Background(), ingest.Interaction{Contributor: "gp", Method: "POST", Body: data})
					if err != nil || a.Status != 200 {
						b.Errorf("%v %d", err, a.Status)
					}
				}
			})
		}
		clients.Wait()
	}
	b.ReportMetric(float64(resources)*float64(b.N)/b.Elapsed().Seconds(), "resources/s")
}
