import ArgumentParser
import Formats
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// `--normalization`.
extension Normalization: ExpressibleByArgument {}

/// What is done to scores, checked and in the library's values.
package struct PlanSettings {
  /// All presets and files of parameters that it names are read.
  package private(set) var plan: Plan
  package let parallelism: Parallelism

  /// - Throws: `InputError` where a preset or a file of parameters that the plan names is missing.
  package init(_ plan: Plan, parallelism: Parallelism) throws {
    self.plan = try plan.resolved(.files)
    self.parallelism = parallelism
  }

  /// What `--crf` says: the name of a preset, or a file of parameters or of a plan.
  ///
  /// - Throws: `InputError` where there is none of that name.
  package init(crf name: String, parallelism: Parallelism) throws {
    try self.init(
      OptionCheck.naming("--crf") { try Plan(named: name, context: .files) },
      parallelism: parallelism)
  }

  /// What `--crf` or `--step` says; `nil` where neither is given.
  ///
  /// - Throws: `InputError` where it cannot be understood, or both are given.
  package init?(crf: String?, _ steps: StepOptions, parallelism: Parallelism) throws {
    if !steps.step.isEmpty {
      try OptionCheck.refuse(
        ["--crf": crf != nil], because: "is given, and so is --step",
        remedy: "write the CRF as a step: --step crf:model=\(crf ?? "")")
      try self.init(
        OptionCheck.naming("--step") { try Plan(steps.step) }, parallelism: parallelism)
    } else if let crf {
      try self.init(crf: crf, parallelism: parallelism)
    } else {
      return nil
    }
  }

  /// The labels after all steps, where nothing else is asked for.
  ///
  /// - Parameter path: the image's, for messages.
  /// - Throws: `InputError` where a step cannot be made over the scene.
  package func labels(
    refining energies: EnergyField, on scene: Scene, at path: String, stopwatch: inout Stopwatch
  ) throws -> LabelMap {
    do {
      let result = try prepared().run(
        energies, over: scene, RefinementRequest(parallelism: parallelism))
      stopwatch.add(result.reports)
      if let seconds = result.labelSeconds { stopwatch.add(seconds, to: .labels) }
      return result.labels
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// The steps, made for a scene.
  ///
  /// - Throws: `InputError` where an array that one of them needs cannot be had.
  package func prepared() throws -> PreparedPlan { try PreparedPlan(plan, context: .files) }

  /// The steps as they are for the first file of scores or labels in a folder; for no folder, as
  /// `prepared()` has them.
  ///
  /// - Throws: `InputError` where an array that one of them needs cannot be had.
  package func prepared(forFilesOf folder: String?) throws -> PreparedPlan {
    let endings = ArrayFile.endings + ImageFile.pictureEndings
    let first = try folder.flatMap { folder in
      try FolderListing.files(in: folder).map(FolderListing.split).first {
        endings.contains($0.ending)
      }
    }
    return try first.map { try forStem($0.stem).prepared() } ?? prepared()
  }

  /// The same steps over the frames of a sequence.
  ///
  /// - Parameter time: σ of time in frames, where a kernel does not say it.
  /// - Throws: `InputError` where a step cannot be made over frames.
  package func overFrames(time: Float) throws -> PlanSettings {
    var result = self
    result.plan = try plan.overFrames(time: time)
    return result
  }

  /// The plan with files of this stem where it names folders.
  package func forStem(_ stem: String) -> PlanSettings {
    var result = self
    result.plan = plan.replacingFiles { ArrayFile.path(stem, of: $0) }
    return result
  }

  /// The CRFs among the steps.
  package var models: [CRFModel] { plan.models }

  /// What colours of images are compared with.
  package var colorRange: ColorRange {
    ColorRange(models.flatMap { $0.terms.compactMap(\.colorBandwidths) })
  }

  /// Whether some CRF sums over all pairs, which takes long and bounds what it leaves out.
  package var isExact: Bool { models.contains { $0.filter.kind.name == FilterKind.exact.name } }

  /// For people: the steps, in lines under a topic.
  ///
  /// - Parameter iterations: the updates that were made, where one CRF is all there is.
  package func lines(iterations made: Int? = nil) -> [String] {
    plan.steps.flatMap { step in
      step.lines(iterations: models.count == 1 ? made : nil)
    } + ["threads  \(parallelism.threads)"]
  }
}

extension Plan.Step {
  fileprivate func lines(iterations made: Int?) -> [String] {
    guard case .refinement(let description) = self, let model = description.model else {
      return ["step     " + text]
    }
    let first = model.terms.map(\.description).joined(separator: "\n         ")
    let preset = model.name.map { "model \($0), " } ?? ""
    let solver =
      model.solver.kind.name == SolverKind.parallel.name ? "" : "\(model.solver) solver, "
    let stopped =
      made.map { $0 < model.iterations ? "\($0) of at most " : "" } ?? ""
    return [
      "crf      " + (first.isEmpty ? "no terms" : first),
      "         \(preset)\(model.filter) filter, \(solver)iterations \(stopped)\(model.iterations)",
    ]
  }
}

/// `--step`: a plan, step by step.
package struct StepOptions: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "One step of a plan, in place of a preset; may be repeated, in order: "
        + Plan.kindNames.joined(separator: ", ")
        + ". '--step help' lists them, '--step help:KIND' explains one.",
      valueName: "kind:key=value,…"))
  package var step: [String] = []

  @OptionGroup package var plugins: PluginOptions

  package init() {}

  /// The help that a step asks for by `help` or `help:KIND`; `nil` where none does.
  ///
  /// - Throws: `InputError` where one asks for a kind that does not exist.
  package func help() throws -> String? {
    for step in step {
      let words = step.split(separator: ":", maxSplits: 1).map(String.init)
      guard words.first == "help" else { continue }
      return words.count == 1
        ? Plan.overview
        : try OptionCheck.naming("--step") { try Plan.help(for: words[1]) }
    }
    return nil
  }
}
