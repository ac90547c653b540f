import Formats
import LatticeSupport
import Unaries

/// Where the numbers of a tensor lie in a file.
struct TensorLayout: Sendable {
  let number: StoredNumber
  var isBigEndian = false
  /// The sizes, slowest first.
  let shape: [Int]
  /// The product of the sizes.
  let count: Int
  /// The byte of the first number.
  let start: Int
  /// Numbers from one element to the next along each axis; `nil` where they lie without gaps in
  /// order.
  var strides: [Int]?
}

/// The product of a tensor's sizes and the bytes that it takes.
///
/// - Throws: `InputError` where one is negative or the product is not a size.
func tensorSize(_ shape: [Int], elementSize: Int) throws -> (count: Int, bytes: Int) {
  let mostAxes = 64
  guard shape.count <= mostAxes else { throw shapeError(shape, "has more than \(mostAxes) axes") }
  guard shape.allSatisfy({ $0 >= 0 }) else { throw shapeError(shape, "has a negative size") }
  var count = 1
  // Floats in memory and elements in the file must both have a size.
  let unit = max(elementSize, MemoryLayout<Float>.size)
  // Those of an empty tensor too: multiplying them from the left must not overflow.
  for size in shape where size != 0 {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, product <= Int.max / unit else {
      throw shapeError(shape, "has more elements than any memory holds")
    }
    count = product
  }
  return shape.contains(0) ? (0, 0) : (count, count * elementSize)
}

private func shapeError(_ shape: [Int], _ problem: String) -> InputError {
  let text = shape.prefix(8).map(String.init).joined(separator: ", ")
  return InputError(
    .data, "its shape [\(text)\(shape.count > 8 ? ", …" : "")] \(problem)",
    remedy: "the file is damaged: save or copy it again")
}
