import Unaries

/// A connected part of one class in a label map.
package struct LabelledObject: Sendable, Equatable {
  /// Its class.
  package let label: UInt16
  /// The smallest box around it.
  package let box: PixelBox
  /// Pixels.
  package let area: Int

  package init(label: UInt16, box: PixelBox, area: Int) {
    self.label = label
    self.box = box
    self.area = area
  }
}

extension LabelMap {
  /// The connected parts of every class but the background: pixels that touch by a side or a
  /// corner and have the same label.
  ///
  /// - Parameters:
  ///   - background: the class that is not an object.
  ///   - void: the label of pixels that do not count.
  ///   - area: smaller parts are left out; in pixels.
  /// - Returns: in the order of their first pixels.
  /// - Complexity: O(N) but for the inverse of Ackermann's function; memory for the runs.
  package func objects(
    background: UInt16, ignoring void: UInt16, atLeast area: Int
  ) -> [LabelledObject] {
    var forest = RunForest()
    for row in 0..<grid.height {
      var column = 0
      while column < grid.width {
        let label = labels[row * grid.width + column]
        let start = column
        repeat {
          column += 1
        } while column < grid.width
          && labels[row * grid.width + column] == label
        if label != background, label != void { forest.add(label, row, start..<column) }
      }
    }
    return forest.objects.filter { $0.area >= area }
  }
}

/// Runs of equal labels, one row after the other, joined where they touch: a disjoint-set forest
/// with the first run of each part as its root.
private struct RunForest {
  private struct Run {
    let label: UInt16
    let row: Int
    let columns: Range<Int>
    var parent: Int
  }

  private var runs: [Run] = []
  /// The first run that may touch the next one from above.
  private var above = 0

  mutating func add(_ label: UInt16, _ row: Int, _ columns: Range<Int>) {
    let new = runs.count
    runs.append(Run(label: label, row: row, columns: columns, parent: new))
    // By a corner: one column further on each side.
    while above < new, runs[above].row < row - 1 || isLeft(above, of: columns, row) { above += 1 }
    var other = above
    while other < new, runs[other].row < row,
      runs[other].columns.lowerBound <= columns.upperBound
    {
      if runs[other].label == label { join(other, new) }
      other += 1
    }
  }

  private func isLeft(_ index: Int, of columns: Range<Int>, _ row: Int) -> Bool {
    runs[index].row == row - 1 && runs[index].columns.upperBound < columns.lowerBound
  }

  private mutating func join(_ first: Int, _ second: Int) {
    let (first, second) = (root(of: first), root(of: second))
    runs[max(first, second)].parent = min(first, second)
  }

  private mutating func root(of index: Int) -> Int {
    var index = index
    while runs[index].parent != index {
      runs[index].parent = runs[runs[index].parent].parent
      index = runs[index].parent
    }
    return index
  }

  /// All parts, in the order of their roots.
  var objects: [LabelledObject] {
    var forest = self
    var places: [Int: Int] = [:]
    var objects: [LabelledObject] = []
    for (index, run) in runs.enumerated() {
      let root = forest.root(of: index)
      guard let place = places[root] else {
        places[root] = objects.count
        objects.append(
          LabelledObject(
            label: run.label, box: PixelBox(rows: run.row..<run.row + 1, columns: run.columns),
            area: run.columns.count))
        continue
      }
      let old = objects[place]
      let (rows, columns) = (old.box.rows, old.box.columns)
      objects[place] = LabelledObject(
        label: old.label,
        box: PixelBox(
          rows: rows.lowerBound..<run.row + 1,
          columns: min(
            columns.lowerBound, run.columns.lowerBound)..<max(
              columns.upperBound, run.columns.upperBound)),
        area: old.area + run.columns.count)
    }
    return objects
  }
}
