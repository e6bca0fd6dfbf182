package main

import (
	"fmt"
	"os/exec"
	"regexp"
)

// proof measures, beside each other in one process, a record opened with and
// without its audit entry, and the decision by itself.
func (b *bench) proof() error {
	out, err := exec.CommandContext(b.ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark(Decide|Auditing)$", "-benchtime", "400x", "./access", "./disclose").CombinedOutput()
	if err != nil {
		return fmt.Errorf("measuring the decision and the audit: %w: %.400s", err, out)
	}
	for _, f := range []struct{ pattern, what, aim string }{
		{`BenchmarkDecide\S*\s.*?([\d.]+) median-µs`, "one decision about a record, 41 relationships: µs, median", "aim < 20"},
		{`BenchmarkAuditing/record\S*\s.*?(-?[\d.]+) added-%`, "what auditing adds to opening a JSON record: %, median", "aim < 10"},
		{`BenchmarkAuditing/everything\S*\s.*?(-?[\d.]+) added-%`, "what auditing adds to $everything: %, median", "aim < 10; one sync of the disk"},
	} {
		if found := regexp.MustCompile(f.pattern).FindSubmatch(out); found != nil {
			say(f.what, string(found[1]), f.aim)
		}
	}
	return nil
}
