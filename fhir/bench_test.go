package fhir_test

import (
	"testing"

	"kmcr/fhir"
)

// synthea is one large Bundle, indented as published.
func synthea(b *testing.B) []byte {
	return files(b, "synthea-r4", ".json.gz")[0].data
}

func parsed(b *testing.B, data []byte) *fhir.Resource {
	r, err := fhir.Parse(data)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func BenchmarkParse(b *testing.B) {
	data := synthea(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		parsed(b, data)
	}
}

func BenchmarkParseCompact(b *testing.B) {
	data := parsed(b, synthea(b)).Bytes()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		parsed(b, data)
	}
}

func BenchmarkTrusted(b *testing.B) {
	data := parsed(b, synthea(b)).Bytes()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		fhir.Trusted(data)
	}
}

// entries are the resources of a Bundle.
func entries(b *testing.B) []*fhir.Resource {
	var found []*fhir.Resource
	for _, v := range parsed(b, synthea(b)).Root().Path("entry.resource") {
		found = append(found, v.Resource())
	}
	return found
}

func BenchmarkBody(b *testing.B) {
	resources := entries(b)
	resolve := func(string) string { return "Patient/00000000-0000-0000-0000-000000000000" }
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		resources[i%len(resources)].Body(resolve)
	}
}

func BenchmarkRender(b *testing.B) {
	body, meta := entries(b)[0].Body(nil)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = fhir.Render(dst[:0], body, meta, "00000000-0000-0000-0000-000000000000", "1", "2026-01-01T00:00:00Z", "urn:kmcr:contributor:gp")
	}
}

func BenchmarkValidate(b *testing.B) {
	resources := entries(b)
	size := 0
	for _, r := range resources {
		size += len(r.Bytes())
	}
	b.SetBytes(int64(size / len(resources)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		fhir.Validate(resources[i%len(resources)])
	}
}
