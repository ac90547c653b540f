import LatticeSupport

/// What the shape of an array of scores says: L labels on a grid, in the order of a file.
package struct ScoreShape: Sendable, Equatable {
  package let labelCount: Int
  package let grid: GridShape
  package let layout: ChannelLayout

  /// - Throws: `InputError` where the array has no label axis and grid, an axis is empty, or there
  ///   are more labels than a label map can name.
  package init(_ shape: [Int], layout: ChannelLayout) throws {
    guard shape.count >= 2 else {
      throw InputError(
        .data,
        "scores of shape \(Self.text(shape)) have no axes for labels and points: expected "
          + layout.axes("L", rank: 2),
        remedy: "save them with a plane for each label, before they are flattened or reduced")
    }
    guard !shape.contains(0) else {
      throw InputError(
        .data,
        "scores of shape \(Self.text(shape)) are empty: expected \(layout.axes("L", rank: 2)), every "
          + "axis at least 1 long", remedy: "check the program that wrote them")
    }
    let (labels, extents) = layout.split(shape)
    let most = Int(UInt16.max) + 1
    guard labels <= most else {
      throw InputError(
        .data,
        "scores of shape \(Self.text(shape)) read as \(layout.axes("L", rank: extents.count)) have "
          + "\(labels) labels, but at most \(most) can be told apart",
        remedy: Self.remedy(forLayout: layout.other, rank: extents.count))
    }
    labelCount = labels
    grid = try GridShape(extents)
    self.layout = layout
  }

  /// The distance in an array between neighbouring points of the same label.
  var pointStep: Int { layout == .channelsFirst ? 1 : labelCount }
  /// The distance in an array between neighbouring labels of the same point.
  var labelStep: Int { layout == .channelsFirst ? grid.count : 1 }

  /// The shape of the array.
  package var shape: [Int] { layout.shape(labelCount, over: grid.extents) }

  /// The point and label of an array's number `index`.
  func place(of index: Int) -> (point: Int, label: Int) {
    switch layout {
    case .channelsFirst: (index % grid.count, index / grid.count)
    case .channelsLast: (index / labelCount, index % labelCount)
    }
  }

  static func remedy(forLayout layout: ChannelLayout, rank: Int) -> Remedy {
    "looks like \(layout.axes("L", rank: rank)): use \(set: .layout(layout))"
  }

  /// A shape as Python prints it, which is where most of these files come from.
  static func text(_ shape: [Int]) -> String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }
}
