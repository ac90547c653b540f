import LatticeCHeader
import LatticeSupport
import Synchronization

/// How a caller's array lies in memory, and the way from there to the package's fields and back.
extension ChannelLayout {
  init(_ layout: latticecrf_layout) throws {
    self = try Enumerations.layouts.entry(layout)
  }

  /// Points that a thread copies at a time.
  private static let pointsPerPiece = 8192

  /// The field that `values`, of C × N or N × C elements, holds.
  func field(
    _ values: UnsafePointer<Float>, points: Int, channels: Int, padding: Float,
    parallelism: Parallelism
  ) -> ChannelField {
    guard self == .channelsLast else {
      return ChannelField(
        points: points, channels: channels, planes: values, padding: padding,
        parallelism: parallelism)
    }
    var field = ChannelField(uninitializedPoints: points, channels: channels)
    let (rows, stride) = (field.mutableBase(), field.stride)
    parallelism.forEachChunk(of: points, grain: Self.pointsPerPiece) { range in
      for point in range {
        let row = rows + point * stride
        row.update(from: values + point * channels, count: channels)
        (row + channels).update(repeating: padding, count: stride - channels)
      }
    }
    return field
  }

  /// Writes `field` to memory for as many elements as it has.
  func write(
    _ field: ChannelField, to target: UnsafeMutablePointer<Float>, parallelism: Parallelism
  ) {
    guard self == .channelsLast else {
      return field.writePlanes(to: target, parallelism: parallelism)
    }
    let (channels, stride) = (field.channels, field.stride)
    parallelism.forEachChunk(of: field.points, grain: Self.pointsPerPiece) { range in
      for point in range {
        (target + point * channels).update(from: field.base + point * stride, count: channels)
      }
    }
  }

  /// - Throws: a `CallError` that says where, unless all values are at most `largest` in magnitude.
  func check(
    _ values: UnsafePointer<Float>, points: Int, channels: Int, magnitude largest: Float,
    _ name: String, channelName: String, parallelism: Parallelism
  ) throws {
    guard
      !Self.areWithin(largest, values, count: points * channels, parallelism: parallelism)
    else { return }
    let index = (0..<points * channels).first { !(values[$0].magnitude <= largest) } ?? 0
    let (channel, point) =
      self == .channelsFirst
      ? (index / points, index % points) : (index % channels, index / channels)
    throw CallError.data(
      "\(name) of \(channelName) \(channel) at point \(point) is \(values[index]), but must be "
        + "finite and at most \(largest) in magnitude")
  }

  /// Whether no value is NaN or larger than `largest`: its bits, but for the sign, are then no
  /// larger.
  static func areWithin(
    _ largest: Float, _ values: UnsafePointer<Float>, count: Int, parallelism: Parallelism
  ) -> Bool {
    let limit = largest.bitPattern
    let foundWrong = Atomic<Bool>(false)
    parallelism.forEachChunk(of: count, grain: 1 << 18) { range in
      var most: UInt32 = 0
      for index in range { most = max(most, values[index].bitPattern & 0x7FFF_FFFF) }
      if most > limit { foundWrong.store(true, ordering: .relaxed) }
    }
    return !foundWrong.load(ordering: .relaxed)
  }
}
