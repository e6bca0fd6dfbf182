package synth

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kmcr"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestEverybodyIsInvented(t *testing.T) {
	w, err := Generate(1, 1000, noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.People) != 1000 {
		t.Errorf("asked for 1000 people, made %d", len(w.People))
	}
	seen := map[kmcr.NHSNumber]bool{}
	for _, p := range w.People {
		if n, err := kmcr.ParseNHSNumber(p.NHS.String()); err != nil || !n.Test() {
			t.Fatalf("%s has a number that is not from the test range", p.ID)
		}
		if seen[p.NHS] {
			t.Fatalf("two people have one number")
		}
		seen[p.NHS] = true
	}
}

func TestSameSeedSameWorld(t *testing.T) {
	bodies := func(seed uint64) string {
		w, err := Generate(seed, 120, noon)
		if err != nil {
			t.Fatal(err)
		}
		ms, err := w.Messages(w.People)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, m := range ms {
			b.Write(m.Body)
		}
		return b.String()
	}
	first := bodies(7)
	if again := bodies(7); again != first {
		t.Error("one seed made two worlds")
	}
	if bodies(8) == first {
		t.Error("two seeds made one world")
	}
}

func TestEveryContributorSpeaks(t *testing.T) {
	w, err := Generate(1, 300, noon)
	if err != nil {
		t.Fatal(err)
	}
	ms, err := w.Messages(w.People)
	if err != nil {
		t.Fatal(err)
	}
	count := map[kmcr.ContributorCode]int{}
	for _, m := range ms {
		count[m.Contributor]++
		switch m.Format {
		case kmcr.FormatFHIR:
			if !json.Valid(m.Body) {
				t.Fatalf("%s sends what is not JSON", m.Contributor)
			}
		case kmcr.FormatHL7v2:
			if !strings.HasPrefix(string(m.Body), "MSH|") || !strings.Contains(string(m.Body), "\rPID|") {
				t.Fatalf("%s sends what is not HL7 v2: %.80s", m.Contributor, m.Body)
			}
		}
	}
	for _, c := range Contributors() {
		if count[c.Code] == 0 {
			t.Errorf("contributor %s says nothing", c.Code)
		}
	}
}

func TestEveryStoryIsTold(t *testing.T) {
	w, err := Generate(1, 50, noon)
	if err != nil {
		t.Fatal(err)
	}
	stories, err := Stories()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stories {
		if s.Shows == "" {
			t.Errorf("story %s does not say what it shows", s.Name)
		}
		for _, p := range s.People {
			if q := w.Person(p.ID); q == nil || len(q.Events) == 0 {
				t.Errorf("story %s: nothing is said of %s", s.Name, p.ID)
			}
		}
	}
}

// A system has one identifier for each of its people, however many they are.
func TestNoTwoPeopleShareAnIdentifierOfOneSystem(t *testing.T) {
	w, err := Generate(3, 20000, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []kmcr.ContributorCode{"gp", "hospital-east", "adult-social-care"} {
		seen := map[string]bool{}
		for _, p := range w.People {
			if id := p.local(from); seen[id] {
				t.Fatalf("%s has two people of one identifier", from)
			} else {
				seen[id] = true
			}
		}
	}
}

// A world drawn a few households at a time and forgotten is the world that is drawn at once.
func TestForgettingChangesNobody(t *testing.T) {
	whole, err := Generate(5, 500, noon)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Begin(5, 500, noon)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for people := w.More(60); len(people) > 0; people = w.More(60) {
		for _, p := range people {
			if q := whole.People[n]; p.ID != q.ID || p.NHS != q.NHS || p.Given != q.Given || len(p.Events) != len(q.Events) {
				t.Fatalf("person %d is %s %s and was %s %s", n, p.ID, p.Given, q.ID, q.Given)
			}
			n++
		}
		w.Forget()
		if w.Person("margaret-hollis") == nil {
			t.Fatal("the people of the stories are forgotten")
		}
	}
	if n != 500 {
		t.Errorf("%d people were drawn", n)
	}
}
