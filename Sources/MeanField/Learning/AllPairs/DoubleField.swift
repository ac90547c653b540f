import CKernels
import LatticeSupport

/// N points × C channels in float64: C planes of N values, as files and PyTorch hold them.
public struct DoubleField: LearningField {
  /// N.
  public let points: Int
  /// C.
  public let channels: Int
  /// Doubles from one plane to the next; those beyond the points are 0.
  let pitch: Int
  private var storage: AlignedBuffer<Double>

  /// A field of zeros.
  public init(points: Int, channels: Int) {
    precondition(points >= 0 && channels >= 1, "a field of \(points) × \(channels)")
    self.points = points
    self.channels = channels
    pitch = (points + Int(CK_PANEL_POINTS) - 1) / Int(CK_PANEL_POINTS) * Int(CK_PANEL_POINTS)
    storage = AlignedBuffer(zeros: channels * pitch)
  }

  /// A field from planes: `planes[c * points + i]` is channel c of point i.
  public init(points: Int, channels: Int, planes: [Double]) {
    precondition(
      planes.count == points * channels,
      "\(channels) × \(points) values needed, \(planes.count) given")
    self.init(points: points, channels: channels)
    for channel in 0..<channels {
      for point in 0..<points {
        storage.base[channel * pitch + point] = planes[channel * points + point]
      }
    }
  }

  /// The values as planes, C × N.
  public func planes() -> [Double] {
    [Double](unsafeUninitializedCapacity: channels * points) { output, count in
      for channel in 0..<channels {
        for point in 0..<points {
          output[channel * points + point] = storage.base[channel * pitch + point]
        }
      }
      count = channels * points
    }
  }

  /// Channel `channel` of point `point`. O(1); a write copies the field first if it is shared.
  public subscript(point: Int, channel: Int) -> Double {
    get {
      precondition(
        point >= 0 && point < points && channel >= 0 && channel < channels,
        "(\(point), \(channel)) outside \(points) × \(channels)")
      return storage.base[channel * pitch + point]
    }
    set {
      precondition(
        point >= 0 && point < points && channel >= 0 && channel < channels,
        "(\(point), \(channel)) outside \(points) × \(channels)")
      mutableBase()[channel * pitch + point] = newValue
    }
  }

  var base: UnsafePointer<Double> { UnsafePointer(storage.base) }

  mutating func mutableBase() -> UnsafeMutablePointer<Double> {
    if !isKnownUniquelyReferenced(&storage) { storage = AlignedBuffer(copying: storage) }
    return storage.base
  }
}
