package fhirapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhir"
)

// correctionRoutes are how a contributor's system reads what readers have reported about its statements, and answers.
var correctionRoutes = []route{
	{"GET", "Task/$corrections", "", (*api).corrections},
	{"POST", "Task/$answer-correction", "", (*api).answerCorrection},
}

// corrections answers the requests to correct the asker's statements as Tasks, open ones first.
func (a *api) corrections(w http.ResponseWriter, r *request) error {
	found, err := a.Disclose.OwnCorrections(r.Context(), r.viewer, r.where)
	if err != nil {
		return err
	}
	b := newBundle("collection", -1)
	for _, k := range found {
		body, err := json.Marshal(correctionTask(k))
		if err != nil {
			return kmcr.Errorf(kmcr.Fault, "a correction cannot be written: %w", err)
		}
		b.resource(a.Base+"/Task/"+correctionID(k), body, "")
	}
	return a.own(w, r, http.StatusOK, b.end())
}

// correctionID names a request by the statement that it is about and its number among those about one patient.
func correctionID(k disclose.Correction) string { return k.Statement + "-" + strconv.Itoa(k.ID) }

// correctionTask is a request to correct, as FHIR R4 has it: requested until it is answered, then completed or rejected.
func correctionTask(k disclose.Correction) object {
	t := object{"resourceType": "Task", "id": correctionID(k), "intent": "proposal", "status": "requested",
		"code": object{"text": "Correct, or confirm, this statement"}, "description": k.Says,
		"focus":      object{"reference": k.Type + "/" + k.Statement, "type": k.Type},
		"authoredOn": k.Asked.UTC().Format(time.RFC3339), "requester": object{"display": k.By}}
	if !k.Open() {
		t["status"] = "rejected"
		if k.Mended() {
			t["status"] = "completed"
		}
		t["statusReason"] = object{"text": k.Answer}
		t["lastModified"] = k.Answered.UTC().Format(time.RFC3339)
	}
	return t
}

// answerCorrection reads Parameters: task (the Task's id), outcome (corrected or stands) and answer (words for the reader).
func (a *api) answerCorrection(w http.ResponseWriter, r *request) error {
	body, err := a.body(w, r)
	if err != nil {
		return a.refusedBody(r, "answer", err)
	}
	asked, err := fhir.Parse(body)
	if err != nil {
		return a.refusedBody(r, "answer", err)
	}
	given := map[string]string{}
	for _, p := range asked.Root().Get("parameter").Items() {
		value, _ := p.Choice("value")
		given[p.Get("name").Text()] = value.Text()
	}
	at := strings.LastIndexByte(given["task"], '-')
	n, err := strconv.Atoi(given["task"][at+1:])
	if at < 0 || err != nil {
		return a.refusedBody(r, "answer", &kmcr.Error{Kind: kmcr.Invalid, Where: "task", Message: "task is not the id of a Task of this list", Remedy: "GET Task/$corrections lists them."})
	}
	if err := a.Disclose.AnswerOwn(r.Context(), r.viewer, r.where, given["task"][:at], n, given["outcome"], given["answer"]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// refusedBody audits that what was sent could not be read, and answers why.
func (a *api) refusedBody(r *request, action string, err error) error {
	if failed := a.Disclose.Refused(r.Context(), r.viewer, action, r.where, "What was sent cannot be read."); failed != nil {
		return failed
	}
	return err
}
