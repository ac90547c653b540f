import Figures
import Formats
import LatticeSupport
import Unaries

// Draws the figures of docs/output-stride.md: `rate-figures SIGNAL-FILE IMAGE-FILE PHOTOGRAPH`; see
// Scripts/pictures.
let arguments = programArguments()
guard arguments.count == 3 else {
  throw InputError(.usage, "expected: rate-figures SIGNAL-FILE IMAGE-FILE PHOTOGRAPH")
}
try SignalFigure.draw().write(to: arguments[0])
try ImageFigure.draw(ImageFile.read(arguments[2])).write(to: arguments[1])
