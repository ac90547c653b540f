import LatticeSupport
import Unaries

/// A label map as a picture holds it: numbers, or colours that stand for them.
public struct LabelPicture: Sendable {
  /// One entry per pixel, row by row.
  public enum Pixels: Sendable {
    /// Palette indices or gray values, which are the labels.
    case indices([UInt16])
    /// Red, green, blue: a palette says which label each colour is.
    case colors([UInt8])
  }

  /// The file, for messages.
  private let name: String
  /// The pixels' grid.
  public let grid: GridShape
  /// What the file says about each pixel.
  public let pixels: Pixels
  /// Whether the file has colours of 16 bits, of which these are the upper halves.
  private let isReduced: Bool

  init(name: String, grid: GridShape, pixels: Pixels, isReduced: Bool = false) {
    self.name = name
    self.grid = grid
    self.pixels = pixels
    self.isReduced = isReduced
  }

  /// Whether all three channels are equal at every pixel, as in masks whose one channel was
  /// stacked; `false` where the picture holds numbers already. O(N).
  public var isGray: Bool {
    guard case .colors(let rgb) = pixels else { return false }
    return !isReduced && Self.isGray(rgb)
  }

  static func isGray(_ rgb: [UInt8]) -> Bool {
    rgb.withUnsafeBufferPointer { rgb in
      stride(from: 0, to: rgb.count, by: 3).allSatisfy {
        rgb[$0] == rgb[$0 + 1] && rgb[$0] == rgb[$0 + 2]
      }
    }
  }

  /// The labels; `palette` translates colours and is not used where the picture holds numbers.
  ///
  /// Without a palette, a picture whose three channels are equal everywhere holds numbers too.
  /// - Throws: `InputError` where the picture holds colours and there is no palette, or a colour is
  ///   not in it.
  public func labels(using palette: Palette? = nil) throws -> LabelMap {
    try labels(as: LabelReading(palette: palette))
  }

  /// The labels, read as `reading` says; pictures that are gray everywhere with a warning.
  ///
  /// - Throws: `InputError` as `labels(using:)`, and where a number stands for nothing.
  public func labels(as reading: LabelReading) throws -> LabelMap {
    let isGray = reading.takesGrayForNumbers && isGray
    if isGray { Self.reportGray(name) }
    return try labels(as: reading, isGray: isGray)
  }

  /// The same where it is known whether the whole picture is to be taken for numbers.
  func labels(as reading: LabelReading, isGray: Bool) throws -> LabelMap {
    do {
      let map = try LabelMap(grid: grid, labels: numbers(reading.palette, isGray: isGray))
      return try reading.mapping?.labels(of: map) ?? map
    } catch let error as InputError {
      throw error.at(name)
    }
  }

  private func numbers(_ palette: Palette?, isGray: Bool) throws -> [UInt16] {
    switch pixels {
    case .indices(let indices): return indices
    case .colors(let rgb):
      if isGray { return stride(from: 0, to: rgb.count, by: 3).map { UInt16(rgb[$0]) } }
      guard let palette else {
        throw InputError(
          .data, "shows labels as colours, and no palette says which is which",
          remedy: "name a palette (\(Palette.knownNames)) or give a palette file")
      }
      return try palette.labels(ofPixels: rgb, width: grid.width)
    }
  }

  static func reportGray(_ name: String) {
    InputWarning(
      at: name, "has three channels that are equal at every pixel, which are read as numbers",
      remedy: "if gray is a colour of a palette here, name it with \(name: .palette)"
    ).report()
  }
}
