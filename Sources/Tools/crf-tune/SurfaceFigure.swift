import Figures
import Foundation
import LatticeSupport
import ToolSupport
import Tuning
import Unaries

/// The objective over two settings of kernels, each field with the best of all other parameters.
struct SurfaceFigure {
  private let outcome: TuneOutcome
  private let axes: Axes

  /// The parameters that are drawn, by their places: σα, σβ and w₁ where there are those.
  struct Axes {
    let column: Int
    let row: Int
    /// Shown in each field; `nil` where the kernel's weight is not searched.
    let weight: Int?

    /// - Returns: `nil` where fewer than two settings of kernels are searched.
    init?(_ space: SearchSpace) {
      let parameters = space.parameters
      func place(_ name: String) -> Int? { parameters.firstIndex { $0.name == name } }
      let searched = parameters.indices.filter {
        !parameters[$0].isWeight && parameters[$0].isContinuous && space.ranges[$0].values.count > 1
      }
      if let column = place("bilateral.spatial"), let row = place("bilateral.color") {
        (self.column, self.row) = (column, row)
      } else if searched.count >= 2 {
        (column, row) = (searched[0], searched[1])
      } else {
        return nil
      }
      let term = parameters[column].term
      weight = parameters.firstIndex { $0.isWeight && $0.term == term }
    }
  }

  /// - Returns: `nil` where there is nothing to draw.
  init?(_ outcome: TuneOutcome) {
    guard let axes = Axes(outcome.settings.search.space) else { return nil }
    self.outcome = outcome
    self.axes = axes
  }

  /// The best trial of one pair of settings.
  private struct Trial {
    let objective: Double
    let weight: Float?
  }

  private struct Pair: Hashable {
    let column: Float
    let row: Float
  }

  /// The table of pairs of settings.
  var heatMap: HeatMap {
    var best: [Pair: Trial] = [:]
    for (setting, objective) in outcome.search.result.ranking {
      let pair = Pair(
        column: setting.values[axes.column] ?? 0, row: setting.values[axes.row] ?? 0)
      // The ranking begins with the best.
      if best[pair] == nil {
        best[pair] = Trial(
          objective: objective, weight: axes.weight.flatMap { setting.values[$0] })
      }
    }
    let objectives = best.values.map(\.objective)
    let (least, most) = (objectives.min() ?? 0, objectives.max() ?? 0)
    let columns = Set(best.keys.map(\.column)).sorted()
    let rows = Set(best.keys.map(\.row)).sorted()
    let cells = rows.map { row in
      columns.map { column -> HeatMap.Cell in
        guard let trial = best[Pair(column: column, row: row)] else {
          return HeatMap.Cell(shade: nil, text: "")
        }
        let shade = most > least ? (trial.objective - least) / (most - least) : 1
        return HeatMap.Cell(
          shade: shade,
          text: String(format: "%.2f", 100 * trial.objective)
            + (trial.weight.map { " (\($0.shortText))" } ?? ""))
      }
    }
    let parameters = outcome.settings.search.space.parameters
    let weight = axes.weight.map { parameters[$0].symbol }
    return HeatMap(
      title: "\(title), %" + (weight.map { " (best \($0))" } ?? ""),
      rowAxis: parameters[axes.row].symbol, columnAxis: parameters[axes.column].symbol,
      rows: rows.map(\.shortText), columns: columns.map(\.shortText), cells: cells,
      scale: most > least
        ? HeatMap.Scale(100 * least...100 * most, name: "\(title), %") : nil)
  }

  private var title: String {
    switch outcome.settings.objective {
    case .miou: "mean IOU"
    case .trimap: "mean IOU within \(outcome.settings.trimapWidth) px"
    case .accuracy: "pixel accuracy"
    }
  }
}
