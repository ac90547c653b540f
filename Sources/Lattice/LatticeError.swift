/// Features that a filter cannot be built for.
public enum LatticeError: Error, Sendable, Equatable {
  /// Feature `dimension` of `point` is NaN or infinite.
  case notFinite(point: Int, dimension: Int, value: Float)
  /// A feature of `point` lies so far from the origin that a lattice key leaves its 16 bits.
  ///
  /// `limit` is the largest distance from the origin, in bandwidths, that is sure to fit.
  case keyOverflow(point: Int, distance: Float, limit: Float)
  /// More lattice vertices than 32-bit indices can name.
  case tooManyVertices(rows: Int, dimensions: Int)
  /// The lattice does not fit into memory.
  case outOfMemory
  /// The backend cannot filter these features; `reason` says why.
  case unsupported(reason: String)
}

extension LatticeError: CustomStringConvertible {
  /// What was found, what the limit is, and how to keep it.
  public var description: String {
    switch self {
    case .notFinite(let point, let dimension, let value):
      "feature \(dimension) of point \(point) is \(value); features must be finite"
    case .keyOverflow(let point, let distance, let limit):
      "point \(point) lies \(distance) bandwidths from the origin, but a lattice key holds only "
        + "about \(limit); use a larger bandwidth, or features closer to the origin"
    case .tooManyVertices(let rows, let dimensions):
      "\(rows) lattice vertices in \(dimensions) dimensions are more than 32-bit indices can "
        + "name; process the image in tiles"
    case .outOfMemory:
      "there is not enough memory for the lattice; use larger bandwidths, or process the image in "
        + "tiles"
    case .unsupported(let reason):
      reason
    }
  }
}
