import Figures
import Foundation
import LatticeSupport
import Synchronization
import Unaries

/// Keeps marginals after some of a CRF's updates: 0, 1, 2, 4, 10, 20, 40, 100 … and the last.
final class UpdateRecorder: Sendable {
  private struct State {
    var kept: [(iteration: Int, marginals: Marginals)] = []
    var last: (iteration: Int, marginals: Marginals)?
  }
  private let state = Mutex(State())

  /// Takes what `RefinementRequest.visit` gives; of several CRFs, the last is kept.
  func visit(_ iteration: Int, _ marginals: Marginals) {
    state.withLock { state in
      if iteration == 0 { state = State() }
      if Self.isKept(iteration) {
        state.kept.append((iteration, marginals))
        state.last = nil
      } else {
        state.last = (iteration, marginals)
      }
    }
  }

  private static func isKept(_ iteration: Int) -> Bool {
    var power = 1
    while power * 10 <= iteration { power *= 10 }
    return iteration == 0 || [1, 2, 4].contains { $0 * power == iteration }
  }

  /// In order.
  var updates: [(iteration: Int, marginals: Marginals)] {
    state.withLock { $0.kept + ($0.last.map { [$0] } ?? []) }
  }
}

/// Scores and beliefs of classes after a CRF's updates: figure 5 of Chen et al. (2017).
///
/// A score is the logarithm of a belief's odds, log Q/(1 − Q).
struct IterationsFigure {
  private let updates: [(iteration: Int, marginals: Marginals)]
  private let image: Picture?
  private let labels: Picture
  private let palette: Palette

  /// Scores beyond are drawn as these.
  private static let mostScore = 10.0
  /// Classes that are shown where none are named.
  private static let usualClasses = 2
  /// Pixels of a side of a map.
  private static let side = 240

  /// - Throws: `InputError` where the grid has another number of axes than two.
  init(_ recorder: UpdateRecorder, over image: Image?, labels: LabelMap, palette: Palette) throws {
    updates = recorder.updates
    self.image = try image.map { try Picture($0) }
    self.labels = try Picture(labels, palette)
    self.palette = palette
  }

  /// The labels that `words` name.
  ///
  /// - Throws: `InputError` naming the option where one is not known.
  static func classes(_ words: [String], of labelCount: Int, _ palette: Palette) throws -> [Int] {
    try words.map { word in
      if let label = palette.names.firstIndex(of: word), label < labelCount { return label }
      guard let label = Int(word), (0..<labelCount).contains(label) else {
        throw InputError(
          .usage, at: "--iterations-class",
          "is '\(word)', which is no class of the \(labelCount) that are scored",
          remedy: "give a number 0…\(labelCount - 1), or a name of --palette")
      }
      return label
    }
  }

  /// The labels whose beliefs change most from the first to the last update.
  private var mostChanged: [Int] {
    guard let first = updates.first?.marginals.values, let last = updates.last?.marginals.values
    else { return [] }
    let changes = (0..<first.channels).map { label in
      (0..<first.points).reduce(0.0) { $0 + abs(Double(last[$1, label] - first[$1, label])) }
    }
    return Array(
      changes.indices.sorted { changes[$0] > changes[$1] }.prefix(Self.usualClasses))
  }

  /// The maps in rows: for each class its scores, and below them its beliefs.
  ///
  /// - Parameter classes: the labels; those that change most where it is empty.
  func grid(_ classes: [Int]) throws -> PictureGrid {
    let shown = classes.isEmpty ? mostChanged : classes
    var rows: [PictureGrid.Row] = []
    for label in shown {
      let name =
        label < palette.names.count && !palette.names[label].isEmpty
        ? palette.names[label] : "label \(label)"
      func panels(_ map: ColorMap, _ share: (Double) -> Double) throws -> [PictureGrid.Panel] {
        try updates.map { iteration, marginals in
          let values = marginals.values
          let picture = try Picture(of: marginals.grid) {
            map.color(at: share(Double(values[$0, label])))
          }
          return PictureGrid.Panel(Self.caption(iteration), picture)
        }
      }
      let scores = try panels(.diverging) { belief in
        let odds = log(max(belief, 1e-30) / max(1 - belief, 1e-30))
        return 0.5 + odds / (2 * Self.mostScore)
      }
      rows.append(
        PictureGrid.Row(
          "\(name): scores, log Q/(1 − Q)",
          [PictureGrid.Panel(image == nil ? "labels after" : "image", image ?? labels)] + scores))
      rows.append(
        PictureGrid.Row(
          "\(name): beliefs, Q",
          [PictureGrid.Panel("labels after", labels)] + (try panels(.viridis) { $0 })))
    }
    return PictureGrid(
      rows: rows,
      bars: [
        .init(-Self.mostScore...Self.mostScore, name: "score", map: .diverging),
        .init(0...1, name: "belief", map: .viridis),
      ], most: Self.side)
  }

  private static func caption(_ iteration: Int) -> String {
    switch iteration {
    case 0: "before the first update"
    case 1: "after 1 update"
    default: "after \(iteration) updates"
    }
  }
}
