// Package draw turns a scene into cells: scene.Scene in, Canvas out. It is
// pure: no time, no terminal, no state between two frames, so a picture is
// tested from a file and drawn again at another size whenever one likes.
//
// # How a picture is made
//
// Every process and every object becomes a card (card.go): a title and rows of
// styled text. The graph (graph.go) puts the cards in columns by the direction
// of the data, the layout (layout.go, ports.go) gives them places, the wires
// (wire.go) join them. picture.go tries the roomiest layout first and takes
// the first that fits; where none does, list.go tells the same in lines.
//
// # What gives way
//
// Below the picture stand figures, tables and the x-ray (scene.go). Where there is
// not room for all, air and blank lines inside boxes go first, then figures and rows
// (those of now last; what is left out is counted), and only then do boxes lose what
// they say. How much a layout must leave below it does not depend on the height, so
// more lines never make a picture poorer. A number is shown as a whole or not at all.
//
// # A new kind of kernel object
//
//  1. a type in sims/scene with Key and Kind;
//  2. one file here with a function from it to a card, at three levels of
//     detail (full, medium, small: see pipe.go for a long one, file.go for a
//     short one);
//  3. one line in objectCard (object.go).
//
// Nothing else changes: layout, arrows, the list, clipping, colours and ASCII
// work on cards. A kind that is not in objectCard is drawn as a box with its
// key and kind.
//
// # Characters
//
// Code here writes its glyphs in Unicode. In ASCII mode the canvas replaces
// each cell by one of 7 bits (glyph.go), so a new glyph needs one entry in that
// table and no second drawing. Text that comes from a scene may be hostile: it
// is made harmless in the same place, and only there.
package draw
