import LatticeSupport
import Unaries

/// What filters follow: the values of an image, channels-last in float32.
struct Guide {
  let grid: GridShape
  let channels: Int
  /// N × `channels` levels, as the image has them; 0 where points are left out.
  let levels: [Float]
  /// The points that count; `nil` for all.
  let mask: PointMask?

  /// The image of a scene.
  ///
  /// - Parameter filter: the kind that asks, for the message.
  /// - Throws: `InputError` where there is none.
  init(_ scene: Scene, for filter: String) throws {
    guard let image = scene.image else {
      throw InputError(
        .usage, "\(filter) follows the edges of an image, but there is none",
        remedy: "give the image that the scores are of")
    }
    grid = image.grid
    channels = image.channels
    mask = scene.mask
    var levels =
      switch image.pixels {
      case .bytes(let values): values.map { Float($0) }
      case .floats(let values): values
      }
    if let mask {
      for index in levels.indices where !mask.isCounted[index / channels] { levels[index] = 0 }
    }
    self.levels = levels
  }

  /// Why filters need an image, to follow "it".
  static let need = "follows the edges of the image"

  /// The levels around mid-gray, −½…½: products of them lose fewer digits than those of 0…1.
  func centered(parallelism: Parallelism) -> [Float] {
    [Float](unsafeUninitializedCapacity: levels.count) { output, count in
      nonisolated(unsafe) let output = output
      parallelism.forEachChunk(of: levels.count, grain: 1 << 16) { range in
        for index in range { output[index] = (levels[index] - 127.5) / 255 }
      }
      count = levels.count
    }
  }
}
