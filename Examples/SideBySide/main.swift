import Formats
import LatticeSupport
import Unaries

/// Puts pictures of the same height next to each other: `side-by-side OUTPUT PICTURE…`. It makes
/// the pictures of the documentation; see `Scripts/pictures`.
func sideBySide(_ paths: [String], output: String) throws {
  let pictures = try paths.map(ImageFile.read)
  guard let height = pictures.first?.grid.height,
    pictures.allSatisfy({ $0.grid.height == height })
  else {
    throw InputError(.data, "the pictures must have the same height")
  }
  let gap = 4
  let width = pictures.reduce(-gap) { $0 + $1.grid.width + gap }
  // White where there is no picture.
  var pixels = [UInt8](repeating: 255, count: 3 * width * height)
  var left = 0
  for picture in pictures {
    for point in 0..<picture.grid.count {
      let (y, x) = point.quotientAndRemainder(dividingBy: picture.grid.width)
      for channel in 0..<3 {
        pixels[3 * (y * width + left + x) + channel] = UInt8(picture[point, channel])
      }
    }
    left += picture.grid.width + gap
  }
  try PNG.write(Image(width: width, height: height, rgb: pixels), to: output)
}

let arguments = programArguments()
guard let output = arguments.first, arguments.count > 1 else {
  throw InputError(.usage, "expected: side-by-side OUTPUT PICTURE…")
}
try sideBySide(Array(arguments.dropFirst()), output: output)
