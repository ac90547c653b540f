import DeepLabNet
import ToolSupport

/// How well a checkpoint fits a network, for people and as JSON.
struct NetworkFit: Encodable {
  var name: String
  /// `nil` where the checkpoint does not say.
  var classes: Int?
  var keyScheme: String
  /// Whether the network can be run with it.
  var fits: Bool
  /// Tensors that the network needs.
  var needed: Int
  var missing: [String]
  /// Tensors and both shapes.
  var misshaped: [String]
  var unexpected: [String]
  /// Tensors that the network would leave out.
  var leftOut: [String]
  /// What stands before the names; more than one where the user has to choose.
  var prefixes: [String]

  init(_ fit: CheckpointFit) {
    name = fit.name
    classes = fit.classes
    keyScheme = fit.scheme.description
    fits = fit.isWhole
    needed = fit.needed
    missing = fit.missing
    misshaped = fit.misshaped
    unexpected = fit.unexpected
    leftOut = fit.leftOut
    prefixes = fit.prefixes
  }

  /// For people: one line per network, and below it what does not fit.
  static func lines(_ networks: [NetworkFit]) -> [String] {
    guard !networks.isEmpty else { return ["network  none that is known here"] }
    let rows = networks.map { network in
      [
        network.name, network.classes.map { "\($0) classes" } ?? "no classes",
        "names as in \(network.keyScheme)"
          + network.prefixes.dropFirst().map { ", or behind \(visibleText($0))" }.joined(),
      ]
    }
    return zip(networks, TextColumns([.left, .right, .left], rows: rows).lines).flatMap {
      network, line in
      [(network.fits ? "fits     " : "close    ") + line]
        + network.troubles.map { "         " + $0 }
    }
  }

  private var troubles: [String] {
    (prefixes.count > 1 ? ["  choose one of the prefixes with --prefix"] : [])
      + [
        ("missing", missing), ("of another shape", misshaped), ("not in the network", unexpected),
        ("left out", leftOut),
      ].compactMap { words, items in
        guard let first = items.first else { return nil }
        let share = words == "missing" ? " of \(needed)" : ""
        return "  \(items.count)\(share) \(words)\(items.count == 1 ? ": " : ", such as ")"
          + visibleText(first)
      }
  }
}
