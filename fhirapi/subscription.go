package fhirapi

import (
	"net/http"

	"kmcr"
	"kmcr/fhir"
	"kmcr/notify"
)

// subscriptionRoutes are those of Subscription, which is this service's own and not a statement of a contributor.
var subscriptionRoutes = []route{
	{"GET", "Subscription", "search-type", (*api).searchSubscriptions},
	{"POST", "Subscription/_search", "search-type", (*api).searchSubscriptions},
	{"POST", "Subscription", "create", (*api).subscribe},
	{"GET", "Subscription/id", "read", (*api).subscription},
	{"DELETE", "Subscription/id", "delete", (*api).unsubscribe},
	{"GET", "Subscription/$status", "", (*api).subscriptionStatus},
	{"GET", "Subscription/id/$status", "", (*api).subscriptionStatus},
}

// subscriptionShape is the form of a path below Subscription; "" for none that there is.
func subscriptionShape(p []string) string {
	switch {
	case len(p) == 1:
		return "Subscription"
	case len(p) == 2 && (p[1] == "_search" || p[1] == "$status"):
		return "Subscription/" + p[1]
	case len(p) == 2:
		return "Subscription/id"
	case len(p) == 3 && p[2] == "$status":
		return "Subscription/id/$status"
	}
	return ""
}

func (a *api) told() (*notify.Service, error) {
	if a.Notify == nil {
		return nil, &kmcr.Error{Kind: kmcr.Unavailable, Message: "there are no subscriptions here"}
	}
	return a.Notify, nil
}

// subscribe creates a Subscription.
func (a *api) subscribe(w http.ResponseWriter, r *request) error {
	told, err := a.told()
	if err != nil {
		return err
	}
	var asked notify.Subscription
	body, err := a.body(w, r)
	if err == nil {
		asked, err = notify.ReadSubscription(body)
	}
	if err != nil {
		if failed := a.Disclose.Refused(r.Context(), r.viewer, "subscribe", r.where, "It cannot be read as a Subscription."); failed != nil {
			return failed
		}
		return err
	}
	made, err := told.Subscribe(r.Context(), r.viewer, asked)
	if err != nil {
		return err
	}
	w.Header().Set("Location", a.Base+"/Subscription/"+made.ID)
	return a.own(w, r, http.StatusCreated, made.Resource())
}

// own answers with a resource of our own.
func (a *api) own(w http.ResponseWriter, r *request, status int, body []byte) error {
	if r.xml {
		parsed, err := fhir.Parse(body)
		if err == nil {
			body, err = parsed.ToXML()
		}
		if err != nil {
			return kmcr.Errorf(kmcr.Fault, "an answer cannot be written as XML: %w", err)
		}
	}
	a.reply(w, r, status, body)
	return nil
}

func (a *api) subscription(w http.ResponseWriter, r *request) error {
	told, err := a.told()
	if err != nil {
		return err
	}
	if err := told.Looked(r.Context(), r.viewer); err != nil {
		return err
	}
	x, err := told.Subscription(r.Context(), r.viewer, r.path[1])
	if err != nil {
		return err
	}
	return a.own(w, r, http.StatusOK, x.Resource())
}

func (a *api) unsubscribe(w http.ResponseWriter, r *request) error {
	told, err := a.told()
	if err != nil {
		return err
	}
	if err := told.Unsubscribe(r.Context(), r.viewer, r.path[1]); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) searchSubscriptions(w http.ResponseWriter, r *request) error {
	told, err := a.told()
	if err != nil {
		return err
	}
	if err := told.Looked(r.Context(), r.viewer); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the parameters of the search cannot be read"}
	}
	found, err := told.Search(r.Context(), r.viewer, r.Form)
	if err != nil {
		return err
	}
	return a.own(w, r, http.StatusOK, found)
}

func (a *api) subscriptionStatus(w http.ResponseWriter, r *request) error {
	told, err := a.told()
	if err != nil {
		return err
	}
	if err := told.Looked(r.Context(), r.viewer); err != nil {
		return err
	}
	id := ""
	if len(r.path) == 3 {
		id = r.path[1]
	}
	found, err := told.Status(r.Context(), r.viewer, id)
	if err != nil {
		return err
	}
	return a.own(w, r, http.StatusOK, found)
}
