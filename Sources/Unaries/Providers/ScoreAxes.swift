import LatticeSupport

/// Which axes of an array of scores are which, found by the image that they belong to.
///
/// Programs leave axes of length 1 in their arrays: of a batch of one, of the slices of a picture
/// that was taken for a volume. They are dropped where the rest fits the image and the whole does
/// not. One channel is the foreground's, and becomes two labels where that is asked for.
package struct ScoreAxes: Sendable, Equatable {
  /// The shape of the array as it is stored.
  package let stored: [Int]
  /// The axes of `stored` that are left out, all of length 1.
  package let dropped: [Int]
  /// Whether the array is one channel, the foreground's, of two labels.
  package let isForeground: Bool
  /// The labels and the grid.
  package let form: ScoreShape

  /// - Parameters:
  ///   - shape: the shape of the array.
  ///   - layout: the order of its axes.
  ///   - isForeground: whether it is one channel, to be taken for the foreground's.
  ///   - image: the grid that the image has where it is read with so many axes; `nil` where it
  ///     cannot be. No image leaves axes to `layout` alone.
  /// - Throws: `InputError` where the array has no such axes, or is one channel and nobody has
  ///   said so. That it has another size than the image is found when it is read on its grid.
  package init(
    _ shape: [Int], layout: ChannelLayout, isForeground: Bool = false,
    image: ((_ rank: Int) -> GridShape?)? = nil
  ) throws {
    let readings = Self.readings(shape, layout, isForeground: isForeground)
    if let reading = Self.choice(among: readings, image, isForeground: isForeground) {
      self = reading
      return
    }
    if isForeground { throw Self.severalChannels(shape) }
    if let image,
      Self.readings(shape, layout, isForeground: true)
        .contains(where: { $0.fits(image, isTransposed: false) })
    {
      throw Self.oneChannel(shape)
    }
    let form = try ScoreShape(shape, layout: layout)
    guard form.labelCount > 1 || image != nil && form.grid.rank > 2 else {
      throw Self.oneChannel(shape)
    }
    self.init(stored: shape, dropped: [], isForeground: false, form: form)
  }

  private static func choice(
    among readings: [ScoreAxes], _ image: ((Int) -> GridShape?)?, isForeground: Bool
  ) -> ScoreAxes? {
    // Without an image, an axis of length 1 of the foreground's channel is not an axis of a grid.
    guard let image else { return isForeground ? readings.last : readings.first }
    // As it is, else with few axes left out, else lying on its side: the error that follows then
    // names the right axes.
    return readings.first { $0.fits(image, isTransposed: false) }
      ?? readings.first { $0.fits(image, isTransposed: true) }
      ?? (isForeground ? readings.first { image($0.form.grid.rank) != nil } : nil)
  }

  private init(stored: [Int], dropped: [Int], isForeground: Bool, form: ScoreShape) {
    self.stored = stored
    self.dropped = dropped
    self.isForeground = isForeground
    self.form = form
  }

  /// All ways to read the array that leave something to decide, with few axes left out first.
  private static func readings(
    _ shape: [Int], _ layout: ChannelLayout, isForeground: Bool
  ) -> [ScoreAxes] {
    let single = shape.indices.filter { shape[$0] == 1 }
    // Ten axes of length 1 would have a thousand subsets; no real array has more than two or three.
    guard !shape.contains(0), single.count <= 6 else { return [] }
    let subsets = (0..<1 << single.count).map { bits in
      single.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)
    }.sorted { $0.count < $1.count }
    return subsets.compactMap { dropped in
      let rest = shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }
      if isForeground {
        guard rest.count >= 2 || dropped.isEmpty,
          let form = try? ScoreShape([2] + rest, layout: .channelsFirst)
        else {
          return nil
        }
        return ScoreAxes(stored: shape, dropped: dropped, isForeground: true, form: form)
      }
      // What is left of (1,H,W) is a picture of one channel, not labels of points in a row.
      guard rest.count >= 3 || dropped.isEmpty,
        let form = try? ScoreShape(rest, layout: layout), form.labelCount > 1
      else { return nil }
      return ScoreAxes(stored: shape, dropped: dropped, isForeground: false, form: form)
    }
  }

  private func fits(_ image: (Int) -> GridShape?, isTransposed: Bool) -> Bool {
    guard let grid = image(form.grid.rank) else { return false }
    guard isTransposed else { return form.fits(grid) }
    return grid.rank == 2 && form.fits(GridShape(width: grid.height, height: grid.width))
  }

  // MARK: Messages

  /// Says which axes were left out, where some were.
  ///
  /// - Parameter place: the file.
  package func reportDropped(at place: String) {
    // Of one channel, nothing but the axis of labels is left out.
    guard !dropped.isEmpty, !isForeground else { return }
    let axes = dropped.map(String.init).joined(separator: " and ")
    // Without sizes, which differ in a folder: it is said once there.
    InputWarning(
      at: place,
      dropped.count == 1
        ? "axis \(axes), of length 1, is left out" : "axes \(axes), of length 1, are left out"
    ).report()
  }

  private static func oneChannel(_ shape: [Int]) -> InputError {
    InputError(
      .data,
      "has the shape \(ScoreShape.text(shape)), which is one channel: as a single label it would "
        + "leave nothing to decide",
      remedy: """
        if it holds the scores of the foreground, add \(set: .singleChannel); if it is a label map, \
        add \(set: .scoreKind(.labels))
        """)
  }

  private static func severalChannels(_ shape: [Int]) -> InputError {
    InputError(
      .data,
      "has the shape \(ScoreShape.text(shape)), but is to be one channel over the image: "
        + "expected (H,W) or (1,H,W)",
      remedy: "leave \(name: .singleChannel) out where each label has scores of its own")
  }
}
