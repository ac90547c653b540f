import LatticeCHeader
import Testing

/// A CRF made through the C interface, with two labels on a small grid.
final class Painted {
  static let extents: [Int64] = [6, 8]
  static let points = 48
  static let labels = 2

  let number: latticecrf_crf
  let energies: [Float] = (0..<points * labels).map { Float($0 % 7) / 3 }
  let image: [UInt8] = (0..<points * 3).map { UInt8(truncatingIfNeeded: 31 * $0) }

  init() throws {
    var number: latticecrf_crf = 0
    try #require(latticecrf_crf_create(Self.extents, 2, 2, 2, &number) == LATTICECRF_OK)
    self.number = number
  }

  deinit { _ = latticecrf_crf_destroy(number) }

  /// Calls `body` with a term of the given compatibility.
  func term<Result>(
    _ weights: [Float] = [3], normalization: Int32 = 0, selfTerm: Int32 = 0, filter: Int32 = 0,
    _ body: (UnsafePointer<latticecrf_term>) -> Result
  ) -> Result {
    weights.withUnsafeBufferPointer { weights in
      var term = latticecrf_term()
      term.size = UInt64(MemoryLayout<latticecrf_term>.size)
      term.compatibility = weights.baseAddress
      term.compatibility_count = Int64(weights.count)
      term.normalization = normalization
      term.self_term = selfTerm
      term.filter = filter
      return withUnsafePointer(to: &term, body)
    }
  }

  func setUnary(_ energies: [Float]? = nil, layout: Int32 = 0) -> latticecrf_status {
    let energies = energies ?? self.energies
    return latticecrf_crf_set_unary(number, energies, Int64(energies.count), layout)
  }

  func addBilateral(colorSigma: Float = 20) -> latticecrf_status {
    term { term in
      latticecrf_crf_add_bilateral_kernel(
        number, [5], 1, image, Int64(image.count), latticecrf_element(LATTICECRF_UINT8), 3,
        [colorSigma], 1, latticecrf_axis_order(LATTICECRF_X_FIRST), term)
    }
  }

  func run(iterations: Int32 = 5, layout: Int32 = 0) -> [Float]? {
    var marginals = [Float](repeating: -1, count: Self.points * Self.labels)
    let status = infer(iterations, 0, &marginals, Int64(marginals.count), layout)
    return status == LATTICECRF_OK ? marginals : nil
  }

  /// `latticecrf_crf_infer` for marginals, and for labels where there is a place for them.
  func infer(
    _ iterations: Int32, _ tolerance: Float, _ marginals: UnsafeMutablePointer<Float>?,
    _ count: Int64 = 96, _ layout: Int32 = 0, labels: UnsafeMutablePointer<UInt16>? = nil,
    labelCount: Int64 = 48, solver: UnsafePointer<CChar>? = nil
  ) -> latticecrf_status {
    var inference = latticecrf_inference(
      size: UInt64(MemoryLayout<latticecrf_inference>.size), iterations: iterations,
      tolerance: tolerance, solver: solver)
    return latticecrf_crf_infer(number, &inference, marginals, count, layout, labels, labelCount)
  }

  static var error: String { String(cString: latticecrf_last_error()) }
}
