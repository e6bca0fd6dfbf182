package terms

// SameIngredient tells whether two names, in lower case, are names of one ingredient: an older, American or brand name and the international one.
func SameIngredient(a, b string) bool {
	if known, ok := international[a]; ok {
		a = known
	}
	if known, ok := international[b]; ok {
		b = known
	}
	return a == b
}

// Misspelt counts the letters that are wrong, missing, added or swapped with their neighbour between two words (optimal string
// alignment). It stops counting at three.
func Misspelt(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > 2 || len(y)-len(x) > 2 {
		return 3
	}
	before, last, next := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			wrong := 1
			if x[i-1] == y[j-1] {
				wrong = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
			least = min(least, next[j])
		}
		if least > 2 {
			return 3
		}
		before, last, next = last, next, before
	}
	return min(last[len(y)], 3)
}
