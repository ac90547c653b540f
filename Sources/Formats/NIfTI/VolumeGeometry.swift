import LatticeSupport

/// Where the voxels of a volume lie in space, as a NIfTI header says it.
///
/// It is carried over to outputs as it stands; nothing is turned or flipped.
public struct VolumeGeometry: Sendable, Hashable {
  /// Voxels along x, y and z.
  public let extents: [Int]
  /// The handedness (qfac) and the spacing of x, y and z, in `units`.
  var pixdim: [Double] = [1, 1, 1, 1]
  /// NIfTI's code of the unit: 1 metre, 2 millimetre, 3 micrometre, 0 unknown.
  var units = 0
  var qformCode = 0
  var sformCode = 0
  /// b, c and d of the qform's unit quaternion.
  var quaternion: [Double] = [0, 0, 0]
  /// Where the qform places the first voxel.
  var offset: [Double] = [0, 0, 0]
  /// The sform, 3 × 4.
  var rows = [Double](repeating: 0, count: 12)

  /// The bits of `xyzt_units` that are those of space.
  static let spatialUnits = 7
  static let millimetres = 2

  /// A volume of which only the extents are known.
  init(extents: [Int]) { self.extents = extents }

  /// Leaves out the forms that hold NaN or infinities.
  ///
  /// - Returns: the last that was left out.
  mutating func dropFormsThatAreNotFinite() -> String? {
    var dropped: String?
    if qformCode > 0, !(quaternion + offset + pixdim).allSatisfy(\.isFinite) {
      (qformCode, dropped) = (0, "qform")
    }
    if sformCode > 0, !rows.allSatisfy(\.isFinite) { (sformCode, dropped) = (0, "sform") }
    return dropped
  }

  // MARK: Places

  /// The map from voxels (x, y, z) to space, 3 × 4 row by row: the sform, else the qform; `nil`
  /// where the header places the volume nowhere.
  public var affine: [Double]? {
    if sformCode > 0 { return rows }
    return qformCode > 0 ? qform : nil
  }

  /// `nifti1.h`, method 2.
  private var qform: [Double] {
    let (b, c, d) = (quaternion[0], quaternion[1], quaternion[2])
    let a = max(0, 1 - (b * b + c * c + d * d)).squareRoot()
    let rotation = [
      a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c),
      2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b),
      2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c,
    ]
    let steps = [pixdim[1], pixdim[2], pixdim[0] < 0 ? -pixdim[3] : pixdim[3]]
    return (0..<3).flatMap { row in
      (0..<3).map { rotation[3 * row + $0] * steps[$0] } + [offset[row]]
    }
  }

  /// The distance of neighbours along each axis in millimetres, slowest axis (z) first; `nil` where
  /// the header does not give positive numbers.
  public var spacing: [Float]? {
    let factor =
      switch units {
      case 1: 1000.0
      case 3: 0.001
      default: 1.0
      }
    let steps = pixdim[1...3].reversed().map { Float(abs($0) * factor) }
    return steps.allSatisfy { $0.isFinite && $0 > 0 } ? steps : nil
  }

  /// How two volumes that ought to cover the same space do not; `nil` where they do, or one of them
  /// does not say where it is.
  ///
  /// Corners of volumes of the same extents must agree to a thousandth of a voxel, those of others
  /// to half of a coarse one.
  func difference(from other: VolumeGeometry) -> String? {
    guard let one = affine, let two = other.affine else { return nil }
    let isSameGrid = extents == other.extents
    let coarse = zip(extents, other.extents).allSatisfy { $0 <= $1 } ? one : two
    let voxel = (0..<3).map { axis in
      Self.length([coarse[axis], coarse[4 + axis], coarse[8 + axis]])
    }
    let tolerance = (isSameGrid ? 1e-3 : 0.5) * (voxel.min() ?? 0)
    var farthest = 0.0
    for corner in 0..<8 {
      let first = Self.place(of: corner, one, extents)
      let second = Self.place(of: corner, two, other.extents)
      farthest = max(farthest, Self.length(zip(first, second).map { $0 - $1 }))
    }
    guard !(farthest <= tolerance) else { return nil }
    return "their affines place corners \(Float(farthest).shortText) mm apart"
  }

  private static func length(_ vector: [Double]) -> Double {
    vector.map { $0 * $0 }.reduce(0, +).squareRoot()
  }

  /// Where an affine places one of the eight outer corners of a grid.
  private static func place(of corner: Int, _ map: [Double], _ extents: [Int]) -> [Double] {
    let voxel = (0..<3).map { axis in
      corner >> axis & 1 == 1 ? Double(extents[axis]) - 0.5 : -0.5
    }
    return (0..<3).map { row in
      let terms = (0..<3).map { map[4 * row + $0] * voxel[$0] }
      return map[4 * row + 3] + terms.reduce(0, +)
    }
  }
}
