import CKernels

/// The patches of 4 × 4 outputs that cover an image, phase by phase where the rate is above 1.
struct WinogradPatches {
  /// Products of a patch for each pair of channels.
  static let products = Int(CK_PATCH_VALUES)

  /// Row and column of each patch's first output, one after the other.
  let origins: [Int32]

  /// Patches for an output of `height` × `width`.
  init(_ geometry: ConvolutionGeometry, height: Int, width: Int) {
    let columns = Self.starts(count: width, rate: geometry.rate.columns)
    origins = Self.starts(count: height, rate: geometry.rate.rows).flatMap { row in
      columns.flatMap { [row, $0] }
    }
  }

  var count: Int { origins.count / 2 }

  /// First members of the patches along an axis.
  private static func starts(count: Int, rate: Int) -> [Int32] {
    (0..<rate).flatMap { phase in
      stride(from: phase, to: count, by: rate * Int(CK_PATCH_OUTPUTS)).map { Int32($0) }
    }
  }
}
