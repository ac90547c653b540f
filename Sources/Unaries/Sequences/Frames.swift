import LatticeSupport

/// Frames of one size side by side along a new first axis, time, and the frames of such a whole.
///
/// What is stacked has one grid, and one number of channels or labels: a caller that cannot be sure
/// of that asks before.
extension GridShape {
  /// This grid, so many times along a new first axis.
  ///
  /// - Throws: `InputError` where there are more points than memory.
  package func repeated(_ frames: Int) throws -> GridShape { try GridShape([frames] + extents) }

  /// The grid of one frame: all axes but the first.
  package var frame: GridShape {
    get throws { try GridShape(Array(extents.dropFirst())) }
  }
}

extension Image {
  /// The images one after another; of bytes where all are.
  package static func stacking(_ images: [Image]) throws -> Image {
    let first = images[0]
    precondition(
      images.allSatisfy { $0.grid == first.grid && $0.channels == first.channels },
      "images of several sizes")
    var (bytes, floats): ([UInt8], [Float]) = ([], [])
    let areBytes = images.allSatisfy(\.isOfBytes)
    for image in images {
      switch image.pixels {
      case .bytes(let values):
        if areBytes { bytes += values } else { floats += values.lazy.map { Float($0) } }
      case .floats(let values): floats += values
      }
    }
    return Image(
      unchecked: areBytes ? .bytes(bytes) : .floats(floats),
      grid: try first.grid.repeated(images.count), channels: first.channels)
  }

  private var isOfBytes: Bool {
    if case .bytes = pixels { true } else { false }
  }

  /// One of the images that were stacked.
  package func frame(_ index: Int) throws -> Image {
    let grid = try grid.frame
    let size = grid.count * channels
    let part: Pixels =
      switch pixels {
      case .bytes(let values): .bytes(values.part(index, of: size))
      case .floats(let values): .floats(values.part(index, of: size))
      }
    return Image(unchecked: part, grid: grid, channels: channels)
  }
}

extension PointMask {
  /// The masks one after another; `nil` stands for one that leaves nothing out.
  ///
  /// - Parameter grid: of a frame.
  package static func stacking(_ masks: [PointMask?], over grid: GridShape) throws -> PointMask? {
    guard masks.contains(where: { $0 != nil }) else { return nil }
    return PointMask(
      unchecked: masks.flatMap { $0?.isCounted ?? [Bool](repeating: true, count: grid.count) },
      grid: try grid.repeated(masks.count))
  }

  /// One of the masks that were stacked.
  package func frame(_ index: Int) throws -> PointMask {
    let grid = try grid.frame
    return PointMask(unchecked: isCounted.part(index, of: grid.count), grid: grid)
  }
}

extension EnergyField {
  /// The energies of scenes of one grid and as many labels, one after another. O(N·L).
  package static func stacking(_ fields: [EnergyField]) throws -> EnergyField {
    let first = fields[0]
    precondition(
      fields.allSatisfy { $0.grid == first.grid && $0.labelCount == first.labelCount },
      "energies of several sizes")
    var values = ChannelField(
      uninitializedPoints: first.grid.count * fields.count, channels: first.labelCount)
    let (target, count) = (values.mutableBase(), first.grid.count * values.stride)
    for (index, field) in fields.enumerated() {
      (target + index * count).update(from: field.values.base, count: count)
    }
    return EnergyField(unchecked: values, grid: try first.grid.repeated(fields.count))
  }
}

extension Marginals {
  /// Those of one frame. O(N·L) of a frame.
  package func frame(_ index: Int) throws -> Marginals {
    let grid = try grid.frame
    var part = ChannelField(uninitializedPoints: grid.count, channels: values.channels)
    let count = grid.count * part.stride
    part.mutableBase().update(from: values.base + index * count, count: count)
    return Marginals(unchecked: part, grid: grid)
  }
}

extension LabelMap {
  /// Maps of one grid, one after another.
  package static func stacking(_ maps: [LabelMap]) throws -> LabelMap {
    LabelMap(unchecked: maps.flatMap(\.labels), grid: try maps[0].grid.repeated(maps.count))
  }

  /// Those of one frame.
  package func frame(_ index: Int) throws -> LabelMap {
    let grid = try grid.frame
    return LabelMap(unchecked: labels.part(index, of: grid.count), grid: grid)
  }
}

extension Array {
  /// One of equal parts.
  fileprivate func part(_ index: Int, of size: Int) -> [Element] {
    Array(self[index * size..<(index + 1) * size])
  }
}

extension Scene {
  /// One frame of a scene whose first axis is time, without what moves its points.
  package func frame(_ index: Int) throws -> Scene {
    Scene(
      grid: try grid.frame, image: try image?.frame(index), origin: Array(origin.dropFirst()),
      mask: try mask?.frame(index))
  }
}
