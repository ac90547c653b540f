import CLBFGS
import LatticeSupport

/// A function that L-BFGS makes as small as it can.
package protocol MinimizedFunction: AnyObject {
  /// The value and the gradient at a place.
  func evaluate(_ place: [Double]) throws -> (value: Double, gradient: [Double])

  /// Is told of the places that are gone on from, one after another.
  ///
  /// - Returns: whether to go on.
  func accept(_ place: [Double]) throws -> Bool
}

/// Nocedal's limited-memory BFGS with the line search of Moré & Thuente, of Okazaki's libLBFGS.
///
/// Nocedal, "Updating quasi-Newton matrices with limited storage", Mathematics of Computation 35
/// (1980). Every step is determined by the values and gradients before it, bit for bit.
package struct LBFGS {
  /// Steps whose changes of the gradient are remembered.
  static let history = 10
  /// Ends where the gradient's length falls below this share of the place's, or of 1.
  static let epsilon = 1e-6
  /// Evaluations that one line search may take.
  static let mostTrials = 20

  /// Steps at most.
  package let iterations: Int

  package init(iterations: Int) { self.iterations = iterations }

  /// Why it ended.
  package enum Ending {
    /// The gradient is 0, as far as matters.
    case converged
    /// All steps are made.
    case exhausted
    /// `accept` has said so.
    case stopped
    /// No place along the last direction is lower.
    case stalled
  }

  /// Goes down from a place.
  ///
  /// - Throws: what the function throws; `InputError` where memory is lacking.
  /// - Complexity: O(history · numbers) a step, besides the evaluations.
  package func minimize(_ function: any MinimizedFunction, from start: [Double]) throws -> Ending {
    // The library wants memory of its own, which is aligned and filled up for vectors.
    guard let place = lbfgs_malloc(Int32(start.count)) else { throw Self.outOfMemory }
    defer { lbfgs_free(place) }
    for (index, number) in start.enumerated() { place[index] = number }
    var parameters = lbfgs_parameter_t()
    lbfgs_parameter_init(&parameters)
    parameters.m = Int32(Self.history)
    parameters.epsilon = Self.epsilon
    parameters.max_iterations = Int32(iterations)
    parameters.max_linesearch = Int32(Self.mostTrials)
    let run = Run(function)
    let status = withExtendedLifetime(run) {
      lbfgs(
        Int32(start.count), place, nil,
        { instance, place, gradient, count, _ in
          guard let instance, let place, let gradient else { return .infinity }
          return Run.of(instance).evaluate(place, gradient, Int(count))
        },
        { instance, place, _, _, _, _, _, count, _, _ in
          guard let instance, let place else { return Run.stop }
          return Run.of(instance).accept(place, Int(count))
        }, Unmanaged.passUnretained(run).toOpaque(), &parameters)
    }
    if let error = run.error { throw error }
    return try Self.ending(status)
  }

  private static func ending(_ status: Int32) throws -> Ending {
    switch Int(status) {
    case Int(LBFGS_SUCCESS), Int(LBFGS_ALREADY_MINIMIZED): return .converged
    case Int(Run.stop): return .stopped
    case Int(LBFGSERR_MAXIMUMITERATION): return .exhausted
    case Int(LBFGSERR_OUTOFMEMORY): throw outOfMemory
    // From here on, a line search has ended without a lower place.
    case Int(LBFGSERR_OUTOFINTERVAL)...Int(LBFGSERR_INCREASEGRADIENT): return .stalled
    default: preconditionFailure("libLBFGS does not take what it was given: \(status)")
    }
  }

  private static let outOfMemory = InputError(
    .data, "has more numbers to learn than memory holds", remedy: "learn fewer")
}

/// What the library's calls back go to, with the error that has ended them.
private final class Run {
  private let function: any MinimizedFunction
  private(set) var error: (any Error)?

  /// What tells the library to stop; also what it returns then.
  static let stop: Int32 = 1

  init(_ function: any MinimizedFunction) { self.function = function }

  static func of(_ instance: UnsafeMutableRawPointer) -> Run {
    Unmanaged<Run>.fromOpaque(instance).takeUnretainedValue()
  }

  /// After an error, no place is any good: the line search gives up, and so does the run.
  func evaluate(
    _ place: UnsafePointer<Double>, _ gradient: UnsafeMutablePointer<Double>, _ count: Int
  ) -> Double {
    if error == nil {
      do {
        let found = try function.evaluate(Array(UnsafeBufferPointer(start: place, count: count)))
        for (index, slope) in found.gradient.enumerated() { gradient[index] = slope }
        return found.value
      } catch {
        self.error = error
      }
    }
    for index in 0..<count { gradient[index] = 0 }
    return .infinity
  }

  func accept(_ place: UnsafePointer<Double>, _ count: Int) -> Int32 {
    guard error == nil else { return Self.stop }
    do {
      let goesOn = try function.accept(Array(UnsafeBufferPointer(start: place, count: count)))
      return goesOn ? 0 : Self.stop
    } catch {
      self.error = error
      return Self.stop
    }
  }
}
