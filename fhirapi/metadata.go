package fhirapi

import (
	"encoding/json"
	"net/http"
	"sort"

	"kmcr/fhir"
)

type object = map[string]any

// metadata answers the CapabilityStatement, made from the table of routes and the search parameters that are really evaluated.
func (a *api) metadata(w http.ResponseWriter, r *request) error {
	body, err := json.Marshal(a.capability())
	if err != nil {
		return err
	}
	a.reply(w, r, http.StatusOK, body)
	return nil
}

func (a *api) capability() object {
	var onType, onSystem []object
	seen := map[string]bool{}
	for _, route := range a.routes {
		if route.interaction == "" || seen[route.interaction] {
			continue
		}
		seen[route.interaction] = true
		if route.shape == "" {
			onSystem = append(onSystem, object{"code": "transaction"}, object{"code": "batch"})
			continue
		}
		onType = append(onType, object{"code": route.interaction})
	}
	sort.Slice(onType, func(i, j int) bool { return onType[i]["code"].(string) < onType[j]["code"].(string) })
	var resources []object
	for _, t := range fhir.Types() {
		resource := object{"type": t, "interaction": onType, "versioning": "versioned", "readHistory": true, "updateCreate": true, "conditionalCreate": true, "conditionalUpdate": true, "conditionalDelete": "single"}
		params := []object{{"name": "_id", "type": "token"}, {"name": "_lastUpdated", "type": "date"}}
		var includes []string
		for _, p := range fhir.SearchParams(t) {
			params = append(params, object{"name": p.Name, "type": p.Kind})
			if p.Kind == "reference" {
				includes = append(includes, t+":"+p.Name)
			}
		}
		resource["searchParam"] = params
		if len(includes) > 0 {
			resource["searchInclude"] = includes
		}
		if t == "Patient" {
			resource["operation"] = []object{{"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"},
				{"name": "summary", "definition": "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"}}
		}
		resources = append(resources, resource)
	}
	return object{"resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-23", "kind": "instance", "fhirVersion": "4.0.1", "format": []string{"application/fhir+json", "application/fhir+xml"},
		"software": object{"name": "Kent and Medway Care Record"}, "implementation": object{"description": "Kent and Medway Care Record", "url": a.Base},
		"rest": []object{{"mode": "server", "documentation": "A professional reads one person's record at a time; searches name the person. A contributor's client writes and reads its own statements.",
			"security": object{"service": []object{{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}}}}},
			"resource": resources, "interaction": onSystem}}}
}
