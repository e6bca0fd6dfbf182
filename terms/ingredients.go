package terms

// international gives the recommended international name (rINN) for older
// British, American and common brand names of one ingredient. British names
// follow the MHRA's list of name changes of 2003 (directive 92/27/EEC); a brand
// stands here only where it has been of one ingredient and one form.
var international = map[string]string{
	"acetaminophen": "paracetamol", "albuterol": "salbutamol", "epinephrine": "adrenaline", "norepinephrine": "noradrenaline", "frusemide": "furosemide", "bendrofluazide": "bendroflumethiazide", "nitroglycerin": "glyceryl trinitrate",
	"acyclovir": "aciclovir", "amoxycillin": "amoxicillin", "cephalexin": "cefalexin", "cephradine": "cefradine", "cyclosporin": "ciclosporin", "cyclosporine": "ciclosporin", "thyroxine": "levothyroxine", "levothyroxine sodium": "levothyroxine",
	"lignocaine": "lidocaine", "beclomethasone": "beclometasone", "cholecalciferol": "colecalciferol", "oestradiol": "estradiol", "oestriol": "estriol", "amitriptyline hydrochloride": "amitriptyline", "chlorpheniramine": "chlorphenamine",
	"chlorthalidone": "chlortalidone", "cholestyramine": "colestyramine", "clomiphene": "clomifene", "dothiepin": "dosulepin", "trimeprazine": "alimemazine", "methotrimeprazine": "levomepromazine", "phenobarbitone": "phenobarbital",
	"rifampin": "rifampicin", "stilboestrol": "diethylstilbestrol", "sulphasalazine": "sulfasalazine", "sulphadiazine": "sulfadiazine", "thiopentone": "thiopental", "benzhexol": "trihexyphenidyl", "guaiphenesin": "guaifenesin",
	"meperidine": "pethidine", "glyburide": "glibenclamide", "isoproterenol": "isoprenaline", "vitamin d3": "colecalciferol", "valproate": "valproic acid", "sodium valproate": "valproic acid", "divalproex": "valproic acid", "mesalamine": "mesalazine",
	"calpol": "paracetamol", "panadol": "paracetamol", "ventolin": "salbutamol", "nurofen": "ibuprofen", "brufen": "ibuprofen", "voltarol": "diclofenac", "lipitor": "atorvastatin", "zocor": "simvastatin", "losec": "omeprazole", "lasix": "furosemide",
	"eliquis": "apixaban", "xarelto": "rivaroxaban", "pradaxa": "dabigatran etexilate", "lixiana": "edoxaban", "clexane": "enoxaparin", "fragmin": "dalteparin", "plavix": "clopidogrel", "glucophage": "metformin", "lantus": "insulin glargine",
	"novorapid": "insulin aspart", "humalog": "insulin lispro", "levemir": "insulin detemir", "tresiba": "insulin degludec", "prozac": "fluoxetine", "seroxat": "paroxetine", "cipralex": "escitalopram", "zispin": "mirtazapine",
	"epilim": "valproic acid", "tegretol": "carbamazepine", "keppra": "levetiracetam", "lamictal": "lamotrigine", "epanutin": "phenytoin", "neurontin": "gabapentin", "lyrica": "pregabalin", "aricept": "donepezil", "ebixa": "memantine",
	"zoloft": "sertraline", "lustral": "sertraline", "spiriva": "tiotropium", "flixotide": "fluticasone", "clenil": "beclometasone", "qvar": "beclometasone", "oramorph": "morphine", "mst": "morphine", "sevredol": "morphine", "zomorph": "morphine",
	"oxycontin": "oxycodone", "oxynorm": "oxycodone", "butec": "buprenorphine", "butrans": "buprenorphine", "tritace": "ramipril", "zestril": "lisinopril", "istin": "amlodipine", "cardicor": "bisoprolol", "forxiga": "dapagliflozin",
	"jardiance": "empagliflozin", "januvia": "sitagliptin", "ozempic": "semaglutide", "rybelsus": "semaglutide", "victoza": "liraglutide", "trulicity": "dulaglutide", "piriton": "chlorphenamine", "zirtek": "cetirizine", "clarityn": "loratadine",
}
