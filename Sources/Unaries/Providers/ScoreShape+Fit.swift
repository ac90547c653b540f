import LatticeSupport

extension ScoreShape {
  /// How these scores are read on `scene`; `nil` where the grids are equal.
  ///
  /// Upsampling is accepted where it can only be meant: no axis longer than the scene's, and one
  /// scale for all axes. Anything else is a mistake that a blurred result would hide.
  /// - Throws: `InputError` naming both sizes, and the likely mistake.
  package func resampling(to scene: GridShape, alignCorners: Bool) throws -> Resampling? {
    guard grid.rank == scene.rank else { throw rankError(scene) }
    if grid == scene { return nil }
    guard Self.isCoarse(grid.extents, of: scene.extents), !fitsInOtherOrder(scene) else {
      throw sizeError(scene)
    }
    return Resampling(from: grid, to: scene, alignCorners: alignCorners)
  }

  /// Whether these scores can be read on `scene`.
  package func fits(_ scene: GridShape) -> Bool {
    do {
      _ = try resampling(to: scene, alignCorners: false)
      return true
    } catch {
      return false
    }
  }

  /// Whether these scores could be read on `scene` if their axes were in the other order.
  package func fitsInOtherLayout(_ scene: GridShape) -> Bool {
    (try? ScoreShape(shape, layout: layout.other))?.fits(scene) == true
  }

  /// Whether `cells` could be `points` at one lower resolution.
  ///
  /// A network of output stride s turns n points into n/s cells, rounded up, down, or with one more
  /// at the border (321 → 41, 513 → 65): at most one cell from n/s. Such an s exists where the
  /// intervals [n/(m + 1), n/(m − 1)] of all axes meet. An axis of a single point says nothing
  /// about the scale.
  static func isCoarse(_ cells: [Int], of points: [Int]) -> Bool {
    var (least, most) = (0.0, Double.infinity)
    for (cells, points) in zip(cells, points) where points > 1 {
      guard cells < points else { return false }
      least = max(least, Double(points) / Double(cells + 1))
      if cells > 1 { most = min(most, Double(points) / Double(cells - 1)) }
    }
    return zip(cells, points).allSatisfy { $0 <= $1 } && least <= most
  }

  /// Whether the array fits `scene` point by point when its axes are read in the other order.
  private func fitsInOtherOrder(_ scene: GridShape) -> Bool {
    layout.other.split(shape).extents == scene.extents
  }

  private func rankError(_ scene: GridShape) -> InputError {
    let remedy: Remedy =
      if shape.count == scene.rank + 2, shape[0] == 1 {
        "drop the batch axis: shape \(Self.text(Array(shape.dropFirst())))"
      } else if grid.rank == 1, grid.count == scene.count {
        "reshape to \(Self.text(unflattened(onto: scene)))"
      } else if shape == scene.extents {
        """
        this may be a label map: use \(set: .scoreKind(.labels)); scores have a plane for each \
        label
        """
      } else if grid.rank == scene.rank + 1 {
        "give the scores of one scene, such as the first of the batch: array[0]"
      } else {
        "give scores and an image of the same number of axes"
      }
    return InputError(
      .data,
      "scores of shape \(Self.text(shape)) have \(Self.axes(grid.rank)) beside the labels, but "
        + "the scene, \(scene), has \(scene.rank): expected \(layout.axes("L", rank: scene.rank))",
      remedy: remedy)
  }

  private static func axes(_ count: Int) -> String {
    count == 1 ? "1 axis" : "\(count) axes"
  }

  private func unflattened(onto scene: GridShape) -> [Int] {
    layout == .channelsFirst ? [labelCount] + scene.extents : scene.extents + [labelCount]
  }

  private func sizeError(_ scene: GridShape) -> InputError {
    InputError(
      .data,
      "scores of shape \(Self.text(shape)) read as \(layout.axes("L", rank: grid.rank)) are "
        + "\(labelCount) labels on \(grid), but the scene is \(scene): expected that size, or a "
        + "smaller one of the same proportions",
      remedy: sizeRemedy(scene))
  }

  private func sizeRemedy(_ scene: GridShape) -> Remedy {
    let other = layout.other.split(shape).extents
    let extents = scene.extents
    // A reading of the very size of the scene is a better guess than one that needs upsampling.
    for fits in [{ $0 == extents }, { Self.isCoarse($0, of: extents) }] as [([Int]) -> Bool] {
      if fits(other) { return Self.remedy(forLayout: layout.other, rank: grid.rank) }
      if fits(grid.extents.reversed()) { return transposeRemedy(layout) }
      if fits(other.reversed()) { return transposeRemedy(layout.other) }
    }
    if zip(grid.extents, extents).contains(where: { $0 > $1 }) {
      return "the scores are larger than the scene: crop them, or compute them at its size"
    }
    return "check that the scores belong to this scene"
  }

  private func transposeRemedy(_ found: ChannelLayout) -> Remedy {
    let rank = grid.rank
    return """
      looks like \(found.axes("L", rank: rank, swapped: true)): transpose to \(layout.axes("L", rank: rank))
      """
  }
}
