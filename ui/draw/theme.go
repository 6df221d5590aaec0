package draw

// Colours and the semantic styles that drawing code uses. No file but this one
// and canvas.go knows what a colour is.

// Color is a 24-bit colour; the zero value is the terminal's own.
type Color struct {
	R, G, B uint8
	Set     bool
}

// RGB is the colour 0xRRGGBB.
func RGB(v uint32) Color {
	return Color{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), Set: true}
}

// Theme gives each semantic style its colour.
type Theme struct {
	Text      Color // ordinary text; usually the terminal's own
	Dim       Color // what is not live
	Accent    Color // the one colour that leads the eye
	Fail      Color // failure, and nothing else
	Good      Color
	Processes [palette]Color // in the order of the cast
}

// palette is how many processes have a colour of their own; a run has at most
// 16, and two that share a colour still differ by name.
const palette = 8

// Dark is the theme for a dark background. The first two process colours, blue
// and orange, are told apart by every common kind of colour blindness.
func Dark() Theme {
	return Theme{
		Dim:    RGB(0x8b949e),
		Accent: RGB(0x4fd6be),
		Fail:   RGB(0xff6b6b),
		Good:   RGB(0x86d992),
		Processes: [palette]Color{
			RGB(0x6cb6ff), RGB(0xffb454), RGB(0xc99bff), RGB(0xb5d657),
			RGB(0xff9ecb), RGB(0x5fd3f3), RGB(0xe6d36a), RGB(0xd7a98c),
		},
	}
}

// Light is the theme for a light background.
func Light() Theme {
	return Theme{
		Dim:    RGB(0x6a737d),
		Accent: RGB(0x007f6e),
		Fail:   RGB(0xc62828),
		Good:   RGB(0x1a7f37),
		Processes: [palette]Color{
			RGB(0x0057b8), RGB(0xb35900), RGB(0x7a3fc4), RGB(0x4f6f00),
			RGB(0xb02a7a), RGB(0x00708f), RGB(0x7a6500), RGB(0x85502f),
		},
	}
}

// Mono is the theme without any colour: bold, faint and struck out remain.
func Mono() Theme { return Theme{} }

// Style says what a cell means; the theme says how that looks.
type Style uint16

// The low byte is a hue, the bits above it are attributes.
const (
	Text Style = iota
	Dim
	Accent
	Fail
	Good
	firstProcess

	hueMask Style = 0xff
	bold    Style = 1 << 8
	struck  Style = 1 << 9

	Strong = Text | bold
)

// Process is the style of the i-th process of the cast.
func Process(i int) Style {
	if i < 0 {
		return Accent
	}
	return firstProcess + Style(i%palette)
}

// Bold is the same style, heavier.
func (s Style) Bold() Style { return s | bold }

// Struck is the same style, struck out.
func (s Style) Struck() Style { return s | struck }

func (t *Theme) color(s Style) Color {
	switch h := s & hueMask; h {
	case Text:
		return t.Text
	case Dim:
		return t.Dim
	case Accent:
		return t.Accent
	case Fail:
		return t.Fail
	case Good:
		return t.Good
	default:
		return t.Processes[int(h-firstProcess)%palette]
	}
}
