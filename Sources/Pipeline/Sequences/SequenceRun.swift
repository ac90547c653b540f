import LatticeSupport
import Unaries

/// A plan that is run over windows of frames: memory is that of a window, however long the sequence
/// is.
public struct SequenceRun: Sendable {
  /// How the sequence is cut.
  public let windows: SequenceWindows
  private let plan: PreparedPlan
  private let direction: FlowField.Direction?
  private let request: RefinementRequest
  private let name: @Sendable (Int) -> String
  /// The frames that were read and may be needed again.
  private var held: [Int: Frame] = [:]
  private var shape: Shape?
  private var current: Window?

  /// - Parameters:
  ///   - plan: its steps over one frame, with kernels that know of time; see
  ///     `Plan.overFrames(time:)`.
  ///   - windows: how the sequence is cut.
  ///   - direction: which frame flow leads to; `nil` where positions stay where they are.
  ///   - request: the threads to use; the objective of windows is not that of the whole.
  ///   - name: what a frame is called in messages.
  /// - Throws: `InputError` where a step cannot be made over frames.
  public init(
    _ plan: PreparedPlan, over windows: SequenceWindows,
    along direction: FlowField.Direction? = nil, _ request: RefinementRequest,
    name: @escaping @Sendable (Int) -> String = { "frame \($0)" }
  ) throws {
    self.plan = try plan.overFrames()
    self.windows = windows
    self.direction = direction
    self.request = request
    self.name = name
  }

  /// What is read of a frame.
  public struct Frame: Sendable {
    /// Of two axes.
    public let scene: Scene
    /// Over its grid.
    public let energies: EnergyField
    /// To the frame beside it; `nil` for none.
    public let flow: FlowField?

    /// - Parameters:
    ///   - scene: of two axes.
    ///   - energies: over its grid.
    ///   - flow: to the frame beside it, over the same grid.
    public init(scene: Scene, energies: EnergyField, flow: FlowField? = nil) {
      precondition(scene.grid.rank == 2, "a frame of \(scene.grid)")
      self.scene = scene
      self.energies = energies
      self.flow = flow
    }

    fileprivate var shape: Shape {
      Shape(
        size: scene.grid, labels: energies.labelCount, channels: scene.image?.channels ?? 0,
        flow: flow?.grid)
    }
  }

  /// What all frames of a sequence have in common.
  fileprivate struct Shape {
    let size: GridShape
    let labels: Int
    let channels: Int
    let flow: GridShape?

    func check(_ frame: Shape) throws {
      func check(_ what: String, _ found: String, _ expected: String) throws {
        guard found != expected else { return }
        throw InputError(
          .data, "\(what) \(found), but the frames before have \(expected)",
          remedy: "a sequence is of one size throughout: refine what differs in a run of its own")
      }
      try check("has the size", "\(frame.size)", "\(size)")
      try check("has labels:", "\(frame.labels)", "\(labels)")
      try check("has channels:", "\(frame.channels)", "\(channels)")
      if let flow = frame.flow, flow != size {
        throw InputError(
          .data, "is \(size), but its flow is \(flow)",
          remedy: "flow is in pixels of the frames, and of their size")
      }
    }
  }

  /// A window that is done.
  private struct Window {
    let answered: Range<Int>
    let first: Int
    /// What came of it, or why nothing did.
    let result: Result<PreparedPlan.Result, InputError>
  }

  /// The result of one frame, by the window in which it is nearest to the middle.
  ///
  /// Frames are asked for in order. What the window takes is shared out among the frames that it
  /// answers.
  ///
  /// - Parameters:
  ///   - frame: its number; frames may be left out.
  ///   - read: gives a frame; is asked once for each that windows need, in order.
  /// - Throws: `InputError` where a frame of the window cannot be read, or is of another size than
  ///   those before, or a step cannot be made.
  /// - Complexity: the plan's over a window, at its first frame.
  public mutating func result(
    of frame: Int, read: (Int) throws -> Frame
  ) throws -> PreparedPlan.Result {
    let window = try done(frame, read)
    let result = try window.result.get()
    let share = 1 / Double(window.answered.count)
    var reports = result.reports
    for index in reports.indices {
      reports[index].seconds = reports[index].seconds.map { ($0.phase, $0.seconds * share) }
    }
    return PreparedPlan.Result(
      marginals: try result.marginals.frame(frame - window.first),
      labels: try result.labels.frame(frame - window.first), reports: reports,
      labelSeconds: result.labelSeconds.map { $0 * share })
  }

  private mutating func done(_ frame: Int, _ read: (Int) throws -> Frame) throws -> Window {
    if let current, current.answered.contains(frame) { return current }
    // Its memory is for the next.
    current = nil
    let index = windows.answering(frame)
    let frames = windows.window(index)
    let result: Result<PreparedPlan.Result, InputError>
    do {
      result = .success(try refine(frames.map { try held($0, among: frames, read) }))
    } catch let error as InputError {
      result = .failure(error)
    }
    let window = Window(
      answered: windows.answered(by: index), first: frames.lowerBound, result: result)
    current = window
    return window
  }

  private mutating func held(
    _ number: Int, among frames: Range<Int>, _ read: (Int) throws -> Frame
  ) throws -> Frame {
    held = held.filter { frames.contains($0.key) }
    if let frame = held[number] { return frame }
    let frame = try read(number)
    let expected = shape ?? frame.shape
    do {
      try expected.check(frame.shape)
    } catch let error as InputError {
      throw error.at(name(number))
    }
    shape = expected
    held[number] = frame
    return frame
  }

  private func refine(_ frames: [Frame]) throws -> PreparedPlan.Result {
    let grid = frames[0].scene.grid
    let images = frames.compactMap(\.scene.image)
    var scene = Scene(
      grid: try grid.repeated(frames.count),
      image: images.count == frames.count ? try Image.stacking(images) : nil,
      mask: try PointMask.stacking(frames.map(\.scene.mask), over: grid))
    if let direction {
      scene.displacements = Motion(over: grid, parallelism: request.parallelism)
        .displacements(frames.map(\.flow), direction)
    }
    return try plan.run(EnergyField.stacking(frames.map(\.energies)), over: scene, request)
  }
}
