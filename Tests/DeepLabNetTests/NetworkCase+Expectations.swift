import DeepLabNet
import TestSupport
import Testing

/// What is expected of a network on the photograph of a case.
extension NetworkCase {
  /// Of the logits' standard deviation: far below what changes a label, far above the rounding of
  /// some hundred layers in float32, for which the fixtures give 5e-6.
  static let tolerance: Float = 1e-3
  /// The share of pixels whose class must be the same: two classes may be as good as equal at a
  /// border.
  private static let agreement = 0.999

  /// The preprocessed photograph, which equals the one of the reference where there is one.
  func input(for entry: CatalogEntry) throws -> Tensor {
    let input = try entry.preprocessing.tensor(for: image())
    if let expected = try self.input() {
      let isSame = input.values() == expected.values()
      #expect(isSame, "\(testDescription): another input")
    }
    return input
  }

  /// Compares scores with the output called `output`.
  func expect(_ scores: Tensor, _ output: String) throws {
    let expected = try self.output(output)
    let difference = try TensorDifference(scores, expected)
    print("\(testDescription), \(output): \(difference)")
    #expect(difference.largest <= Self.tolerance * difference.deviation)
    #expect(Self.agreement(scores.argMax(), expected.argMax()) >= Self.agreement)
  }

  /// Compares scores, brought to the size of the photograph, with the output called `output`; the
  /// first output has labels, too.
  func expectPixels(_ scores: Tensor, _ output: String, _ entry: CatalogEntry) throws {
    let pixels = try entry.resize.apply(to: scores, height: height, width: width)
    try expect(pixels.subsampled(by: subsampling(of: output)), output)
    guard output == "out" else { return }
    #expect(Self.agreement(pixels.argMax(), try labels()) >= Self.agreement)
  }

  private static func agreement(_ found: [UInt16], _ expected: [UInt16]) -> Double {
    let equal = zip(found, expected).count { $0 == $1 }
    return found.count == expected.count ? Double(equal) / Double(found.count) : 0
  }
}
