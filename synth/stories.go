package synth

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"kmcr"
)

//go:embed stories.json
var storiesJSON []byte

// Story is a clinical story as data: who is in it and what each contributor
// says, day by day (days are counted from today; the past is negative).
type Story struct {
	Name   string           `json:"name"`
	Shows  string           `json:"shows"`
	People []storyPerson    `json:"people"`
	Events []map[string]any `json:"events"`
}

type storyPerson struct {
	ID, Title, Given, Family, Preferred, Sex, Line, Town, Postcode, Telephone, Twin string
	Age, Died                                                                       int
}

// Stories lists them, in the order of stories.json.
func Stories() ([]Story, error) {
	var out []Story
	if err := json.Unmarshal(storiesJSON, &out); err != nil {
		return nil, fmt.Errorf("stories.json: %w", err)
	}
	return out, nil
}

func (w *World) addStories() error {
	stories, err := Stories()
	if err != nil {
		return err
	}
	for _, s := range stories {
		cast := map[string]*Person{}
		for i, sp := range s.People {
			p := &Person{ID: sp.ID, NHS: w.nhsNumber(), Title: sp.Title, Given: sp.Given, Family: sp.Family, Preferred: sp.Preferred, Sex: sp.Sex,
				Line: sp.Line, Town: sp.Town, Postcode: sp.Postcode, Telephone: sp.Telephone, Practice: DemoPractice,
				Born: w.Now.AddDate(-sp.Age, 0, -40-17*len(w.People)).Truncate(24 * time.Hour)}
			if twin := cast[sp.Twin]; twin != nil {
				p.Born = twin.Born
			}
			if sp.Died != 0 {
				p.Died = w.days(sp.Died)
			}
			cast[sp.ID] = p
			if i == 0 {
				cast[""] = p
			}
			w.People = append(w.People, p)
		}
		for i, e := range s.Events {
			who, _ := e["who"].(string)
			p := cast[who]
			days, ok := e["days"].(float64)
			if p == nil || !ok {
				return fmt.Errorf("stories.json: %s, event %d: no such person, or no day", s.Name, i+1)
			}
			ev := Event{From: kmcr.ContributorCode(e["from"].(string)), Do: e["do"].(string), Fields: map[string]string{},
				At: w.days(int(days)).Add(time.Duration(i%10) * time.Minute)}
			for k, v := range e {
				if s, ok := v.(string); ok {
					ev.Fields[k] = s
				}
			}
			p.Events = append(p.Events, ev)
		}
	}
	return nil
}

// number reads a field as days from now.
func (w *World) day(e Event, field string) (time.Time, bool) {
	n, err := strconv.Atoi(e.Fields[field])
	if err != nil {
		return time.Time{}, false
	}
	return w.days(n), true
}
