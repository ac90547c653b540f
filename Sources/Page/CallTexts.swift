import LatticeSupport
import MeanField
import Pipeline

/// How the same is done without the page: by a command, and by a call in Python.
package struct CallTexts: Sendable {
  /// The options that name images and say how they are read, as they were given.
  let inputs: [String]
  /// What scores mean, in the words of both.
  let scoreKind: String

  /// - Parameters:
  ///   - inputs: the options that name images and say how they are read.
  ///   - scoreKind: what scores mean: `logits`.
  package init(inputs: [String], scoreKind: String) {
    self.inputs = inputs
    self.scoreKind = scoreKind
  }

  /// Lines for a shell. One CRF is written in options where they can say it; every other plan is
  /// put into a file first.
  ///
  /// - Parameter preset: what the file of the plan holds.
  func command(_ plan: Plan, preset: JSONValue) -> String {
    let input = (["crf-refine"] + inputs.map(\.shellQuoted)).joined(separator: " ")
    let output = "--output refined"
    if let options = Self.options(of: plan) {
      return "\(input) \(options.map(\.shellQuoted).joined(separator: " ")) \(output)"
    }
    return "cat > plan.json <<'END'\n\(preset.text())\nEND\n\(input) --preset plan.json \(output)"
  }

  /// The options of a plan of one CRF; `nil` where they cannot say all of it.
  private static func options(of plan: Plan) -> [String]? {
    guard plan.steps.count == 1, case .refinement(let description) = plan.steps[0],
      let model = description.model, !model.terms.isEmpty
    else { return nil }
    var options = model.terms.flatMap { ["--kernel", "\($0)"] }
    options += ["--iterations", "\(model.iterations)"]
    if model.tolerance > 0 { options += ["--tolerance", model.tolerance.shortText] }
    if model.filter.kind.name != FilterKindName.usual || !model.filter.settings.values.isEmpty {
      options += ["--filter", "\(model.filter)"]
    }
    if model.solver != Description(.parallel) { options += ["--solver", "\(model.solver)"] }
    // What texts round or leave out, a file does not.
    let isSame = model.terms.allSatisfy { (try? CRFModel.Term("\($0)")) == $0 }
    return isSame ? options : nil
  }

  private enum FilterKindName {
    static let usual = CRFModel(terms: []).filter.kind.name
  }

  /// A program that refines one image.
  ///
  /// - Parameters:
  ///   - image: the one that is looked at.
  ///   - preset: what a file of the plan would hold.
  func python(_ image: PageImage, preset: JSONValue) -> String {
    let scores = image.files?.scores ?? "scores.npy"
    let picture = image.files?.image ?? "image.png"
    let kind = scoreKind == "logits" ? "" : "kind=\(Self.pythonQuoted(scoreKind)), "
    return """
      import latticecrf
      import numpy
      from PIL import Image

      labels = latticecrf.refine(
          numpy.load(\(Self.pythonQuoted(scores))), Image.open(\(Self.pythonQuoted(picture))),
          plan=\(Self.python(preset)),
          \(kind)output="labels")
      """
  }

  /// JSON's strings are Python's.
  private static func pythonQuoted(_ text: String) -> String { JSONValue.text(text).compactText }

  /// The value as Python writes it.
  private static func python(_ json: JSONValue) -> String {
    switch json {
    case .null: "None"
    case .flag(let flag): flag ? "True" : "False"
    case .number, .wholeNumber, .text: json.compactText
    case .list(let values): "[" + values.map(python).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.map { "\(pythonQuoted($0.key)): \(python($0.value))" }.joined(separator: ", ")
        + "}"
    }
  }
}
