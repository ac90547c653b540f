import LatticeSupport

extension Image {
  /// The image with its values from `range.lowerBound` to `range.upperBound` spread over 0…255,
  /// linearly; what lies outside is clipped.
  ///
  /// Bandwidths of colour are meant for 0…255: a scan of 12 bits, or an image of 0…1, is scaled
  /// first. The range must not be a single value.
  /// - Complexity: O(N·channels).
  public func scaled(from range: ClosedRange<Float>) -> Image {
    let (low, width) = (range.lowerBound, range.upperBound - range.lowerBound)
    precondition(width > 0 && width.isFinite, "a range of \(range)")
    func level(_ value: Float) -> Float { min(max((value - low) / width, 0), 1) * 255 }
    let levels: [Float] =
      switch pixels {
      case .bytes(let values):
        { table in values.map { table[Int($0)] } }((0...255).map { level(Float($0)) })
      case .floats(let values): values.map(level)
      }
    return Image(unchecked: .levels(levels), grid: grid, channels: channels)
  }

  /// The same image in 8 bits: rounded, and clipped to 0…255.
  package var inBytes: Image {
    guard case .floats(let values) = pixels else { return self }
    let bytes = values.map { UInt8(min(max($0, 0), 255).rounded()) }
    return Image(unchecked: .bytes(bytes), grid: grid, channels: channels)
  }
}

extension Image.Pixels {
  /// Levels of 0…255: in 8 bits where they are whole, so that nobody pays for fractions that there
  /// are none of.
  static func levels(_ values: [Float]) -> Self {
    values.allSatisfy { UInt8(exactly: $0) != nil }
      ? .bytes(values.map { UInt8($0) }) : .floats(values)
  }

  /// The numbers of 16 bits that one of 256 levels spans.
  package static let unitOf16Bits: UInt16 = 257

  /// Levels of 0…255 from samples of 16 bits.
  package static func levels(of samples: [UInt16]) -> Self {
    let unit = Self.unitOf16Bits
    return samples.allSatisfy { $0 % unit == 0 }
      ? .bytes(samples.map { UInt8($0 / unit) }) : .floats(samples.map { Float($0) / Float(unit) })
  }
}
