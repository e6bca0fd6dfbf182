package match

import (
	"slices"
	"strings"
)

// forms are given names and their everyday short forms: each line is one
// name. A short form may belong to several names (Alex, Jo, Chris), which does
// not make those names one.
const forms = `alexander alex alec sandy xander
alexandra alex sandra lexi
albert bert al bertie
alfred alf fred alfie
amanda mandy
andrew andy drew
angela angie
ann anne annie
anthony antony tony
barbara babs barb
benjamin ben
catherine katherine kathryn catharine katharine kate katie cathy kathy kath cath kitty
charles charlie chas chuck
charlotte charlie lottie
christine chris chrissie
christina chris tina
christopher chris kit
daniel dan danny
danielle dani
david dave davey
deborah debra debbie deb
dorothy dot dottie dolly
edward ed eddie ted teddy ned
eleanor ellie nell nelly
elizabeth elisabeth liz lizzie beth betty bess libby eliza lisbeth betsy
ella
emily em
florence flo florrie
frances fran frankie
francis frank frankie
frederick fred freddie
george georgie
gerald gerry jerry
gillian gill jill
gregory greg
harold harry hal
harriet hattie
helen nell
henry harry hal
isabella isabel bella izzy
isobel isabel izzy
jacob jake
jacqueline jackie jacqui
james jim jimmy jamie
janet jan
jennifer jen jenny
jeremy jerry jem
jessica jess jessie
joan joanie
joanna jo joanne
john jack johnny jon
jonathan jon jonny
joseph joe joey
josephine jo josie
joshua josh
judith judy
kenneth ken kenny
kimberley kim
lawrence laurence larry laurie
leonard len lenny
lillian lilian lily
louise lou
louis lewis lou
madeleine maddie
margaret maggie meg peggy marge madge greta
martin marty
mary molly polly may
matthew matt
michael mike mick mickey
michelle shelly
mohammed muhammad mohamed mohammad muhammed mo
nathaniel nathan nat
natalie nat
nicholas nick nicky
nicola nicky nikki
oliver olly ollie
olivia livvy
pamela pam
patricia pat patsy trish tricia patty
patrick pat paddy
penelope penny
peter pete
philip phillip phil
rachel rach
raymond ray
rebecca becky becca
richard rick dick ricky rich richie
robert rob bob robbie bobby bert
ronald ron ronnie
rosemary rose rosie
samantha sam
samuel sam sammy
sarah sara sally
sidney sydney sid
stanley stan
stephanie steph
stephen steven steve
susan sue susie suzanne
terence terry
theresa teresa terry tess
thomas tom tommy
timothy tim
valerie val
veronica ronnie
victoria vicky vikki tori
vincent vince
walter wally walt
william will bill billy willie liam
winifred win winnie
yvonne
zachary zach zak
abdullah abdallah abdulla abdula
ahmed ahmad ahmet achmed
aisha ayesha aysha aicha
fatima fatimah fatma fatemeh
hassan hasan hassan
hussein hussain husain husayn hossein
ibrahim ebrahim ibraheem
ismail ismael esmail
khadija khadijah khadeeja
omar umar omer
yusuf youssef yousef yousuf yusef yussuf
zainab zaynab zeinab
aleksandr oleksandr aleksander alexandr
andriy andrii andrei andrey
dmitri dmitry dmytro dmitrii
ekaterina yekaterina kateryna katerina
elena yelena olena
mikhail mykhailo mikhailo
natalia nataliya natalya nataliia
nikolai nikolay mykola
oksana oxana
sergei sergey serhii serhiy sergiy
tatiana tatyana tetiana tetyana
viktor victor
volodymyr vladimir
yulia yuliya iuliia julia`

// formsOf leads from a name to the lines of forms it stands in.
var formsOf = indexForms()

func indexForms() map[string][]int {
	index := map[string][]int{}
	for i, line := range strings.Split(forms, "\n") {
		for _, n := range strings.Fields(line) {
			index[n] = append(index[n], i)
		}
	}
	return index
}

// shortForms tells whether two given names are forms of one name.
func shortForms(x, y string) bool {
	for _, i := range formsOf[x] {
		if slices.Contains(formsOf[y], i) {
			return true
		}
	}
	return false
}
