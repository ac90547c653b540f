import ArgumentParser
import DeepLabNet
import LatticeSupport
import ToolSupport

/// `deeplab profile`: where a network's time goes.
struct Profile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a network layer by layer.",
    discussion: """
      Runs the network on an image of noise, with weights drawn at random: neither changes how long it \
      takes. One run warms up; figures are medians over the others. GFLOP/s counts two operations for \
      each multiply-add of the convolution's definition, however it is computed: Winograd's products are \
      fewer, so that it may pass the processor's peak.
      """)

  @Option(help: "The network; 'deeplab models' lists them.") var model: String
  @Option(help: "WxH: the size of the image; repeats. (default: \(PixelSize.usual))")
  var size: [PixelSize] = []
  @Option(help: "Pixels between scores. (default: the paper's)") var outputStride: Int?
  @Option(help: "How to convolve where a layer allows it.") var convolution = ConvolutionChoice.auto
  @Option(help: "Threads.") var threads = Parallelism.automatic.threads
  @Option(help: "Timed runs.") var runs = 5
  @Flag(help: "Time steps of training instead, by SGD on noise.") var training = false
  @Option(help: "Images of a step, with --training.") var batch = 2
  @Flag(help: "Compute activations again rather than keep them, with --training.")
  var recompute = false
  @Flag(help: "Print the whole network only, not its layers.") var total = false
  @Flag(help: "Print JSON.") var json = false
  @Flag(
    help: ArgumentHelp(
      "Run once for each line of standard input; answer with [seconds, peak megabytes].",
      visibility: .hidden)) var turns = false

  func validate() throws {
    guard runs >= 1, threads >= 1, batch >= 1 else {
      throw ValidationError("--runs, --threads and --batch must be at least 1")
    }
  }

  func run() throws {
    let entry = try NetworkCatalog.entry(named: model)
    let stride = try outputStride.map { try OutputStride($0) }
    let network = try entry.make(outputStride: stride)
    if training {
      try OptionCheck.refuse(
        ["--json": json, "--total": total, "--convolution": convolution != .auto],
        because: "says how an inference is timed, but steps of training are",
        remedy: "leave it out")
    } else {
      try OptionCheck.refuse(
        ["--recompute": recompute], because: "says how steps of training are timed",
        remedy: "add --training")
    }
    var reports: [NetworkProfile] = []
    for size in size.isEmpty ? [PixelSize.usual] : size {
      let (width, height) = (size.width, size.height)
      if training {
        try TrainingTiming(
          entry, network, width: width, height: height, batch: batch, threads: threads,
          recomputesActivations: recompute
        ).report(runs: runs, inTurns: turns)
        continue
      }
      let prepared = try PreparedNetwork(
        network, parameters: InitialParameters(for: network), height: height, width: width,
        algorithm: convolution.algorithm)
      let plan = try prepared.plan(height: height, width: width)
      if turns {
        let (image, parallelism) = (plan.noise(), Parallelism(threads: threads))
        TurnServer.serve { _ = plan.run(image, parallelism: parallelism) }
        continue
      }
      let timing = NetworkProfile(of: model, plan, runs: runs, threads: threads)
      if !json { try StandardOutput.print(timing.text(withLayers: !total)) }
      reports.append(timing)
    }
    if json && !turns { try StandardOutput.print(json: reports) }
  }
}
