import Foundation
import LatticeSupport
import ToolSupport
import Tuning
import Unaries

/// The objective over σα and σβ, each field with the best of all other parameters.
struct SurfaceFigure {
  private let outcome: TuneOutcome

  init(_ outcome: TuneOutcome) { self.outcome = outcome }

  /// The best trial of one pair of bandwidths.
  private struct Trial {
    let objective: Double
    let weight: Float
  }

  private struct Pair: Hashable {
    let spatial: Float
    let color: Float
  }

  /// - Throws: `InputError` where the picture is too large for memory.
  func picture() throws -> Image {
    var best: [Pair: Trial] = [:]
    for (setting, objective) in outcome.result.ranking {
      let pair = Pair(spatial: setting[.bilateralSpatial], color: setting[.bilateralColor])
      // The ranking begins with the best.
      if best[pair] == nil {
        best[pair] = Trial(objective: objective, weight: setting[.bilateralWeight])
      }
    }
    let objectives = best.values.map(\.objective)
    let (least, most) = (objectives.min() ?? 0, objectives.max() ?? 0)
    let columns = Set(best.keys.map(\.spatial)).sorted()
    let rows = Set(best.keys.map(\.color)).sorted()
    let cells = rows.map { color in
      columns.map { spatial -> HeatMap.Cell in
        guard let trial = best[Pair(spatial: spatial, color: color)] else {
          return HeatMap.Cell(shade: nil, text: "")
        }
        let shade = most > least ? (trial.objective - least) / (most - least) : 1
        return HeatMap.Cell(
          shade: shade,
          text: String(format: "%.2f", 100 * trial.objective)
            + " (\(trial.weight.shortText))")
      }
    }
    return try HeatMap(
      title: "\(title), % (best w1)", rowAxis: "σβ", columnAxis: "σα",
      rows: rows.map(\.shortText), columns: columns.map(\.shortText), cells: cells
    ).picture()
  }

  private var title: String {
    switch outcome.settings.objective {
    case .miou: "mean IOU"
    case .trimap: "mean IOU within \(outcome.settings.conditions.trimapWidth) px"
    case .accuracy: "pixel accuracy"
    }
  }
}
