import Formats
import LatticeSupport
import Unaries

// Draws the figures of docs/output-stride.md: `rate-figures SIGNAL-PNG IMAGE-PNG PHOTOGRAPH`; see
// Scripts/pictures.
let arguments = programArguments()
guard arguments.count == 3 else {
  throw InputError(.usage, "expected: rate-figures SIGNAL-PNG IMAGE-PNG PHOTOGRAPH")
}
try PNG.write(SignalFigure.draw(), to: arguments[0])
try PNG.write(ImageFigure.draw(ImageFile.read(arguments[2])), to: arguments[1])
