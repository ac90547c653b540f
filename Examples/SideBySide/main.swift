import Formats
import LatticeSupport
import Unaries

/// Puts pictures of the same height next to each other: `side-by-side OUTPUT PICTURE…`, with `/`
/// between rows, which are then of one size. It makes the pictures of the documentation; see
/// `Scripts/pictures`.
func row(_ paths: some Sequence<String>) throws -> Image {
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
  return try Image(width: width, height: height, rgb: pixels)
}

/// Rows of the same width below each other.
func below(_ rows: [Image]) throws -> Image {
  guard let width = rows.first?.grid.width, rows.allSatisfy({ $0.grid.width == width }) else {
    throw InputError(.data, "the rows must have the same width")
  }
  let gap = [UInt8](repeating: 255, count: 3 * 4 * width)
  var pixels: [UInt8] = []
  for row in rows {
    if !pixels.isEmpty { pixels += gap }
    pixels += (0..<3 * row.grid.count).map { UInt8(row[$0 / 3, $0 % 3]) }
  }
  return try Image(width: width, height: pixels.count / 3 / width, rgb: pixels)
}

let arguments = programArguments()
guard let output = arguments.first, arguments.count > 1 else {
  throw InputError(.usage, "expected: side-by-side OUTPUT PICTURE…")
}
try PNG.write(below(arguments.dropFirst().split(separator: "/").map { try row($0) }), to: output)
